-- What was written back, record by record: the documents and payments of the books and their ATLAS ETRM and Atlar
-- copies. Only what both sides have is compared; what is due there but has not arrived, refused or not, is pending.
-- A copy made twice shows, because every copy of a record is summed up. An invoice that we marked as paid and that is
-- open again is due to be unmarked, which a person approves: pending too.
-- One row per control and document or payment of the books. Exact and unrounded.
with marked_as_paid as (
    select distinct sync_key
    from {{ ref('stg_operations__deliveries') }}
    where
        sync_name = 'sync_atlas_etrm__invoice_settlements'
        and delivery_status = 'delivered'
),

held_orders as (
    select order_id
    from {{ ref('int_settlement__order_holds') }}
),

documents as (
    select
        documents.side,
        documents.document_id,
        documents.document_number,
        documents.order_id,
        documents.currency_code,
        documents.amount_total,
        documents.amount_due,
        held_orders.order_id is not null as is_held
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    left join held_orders on documents.order_id = held_orders.order_id
),

atlas_etrm_invoices as (
    select
        documents.document_id,
        string_agg(invoices.invoice_id::varchar, ', ' order by invoices.invoice_id) as copy_ids,
        -- A bill may stand in ATLAS ETRM below zero: the sign is that of the cash flow, the amount is compared.
        sum(abs(invoices.amount)) as amount,
        bool_or(invoices.is_paid) as is_paid,
        bool_or(invoices.is_paid and marked_as_paid.sync_key is not null) as was_marked_by_us
    from {{ ref('stg_atlas_etrm__invoices') }} as invoices
    inner join documents
        on invoices.order_id = documents.order_id and invoices.external_id = documents.document_number
    left join marked_as_paid on 'invoice:' || invoices.invoice_id = marked_as_paid.sync_key
    group by documents.document_id
),

invoice_pairs as (
    select
        documents.side,
        documents.currency_code,
        documents.document_id,
        documents.document_number,
        invoices.copy_ids,
        documents.is_held,
        documents.amount_total as left_amount,
        invoices.amount as right_amount,
        invoices.document_id is not null as is_there,
        coalesce(invoices.is_paid, false) as is_paid_there,
        documents.amount_due = 0 as is_paid_here,
        documents.amount_due <> 0 and coalesce(invoices.was_marked_by_us, false) as is_to_be_reopened
    from documents
    left join atlas_etrm_invoices as invoices on documents.document_id = invoices.document_id
    where documents.order_id is not null
),

applications as (
    select
        settlements.side,
        settlements.payment_id,
        settlements.document_id,
        documents.document_number,
        documents.currency_code,
        documents.is_held,
        sum(settlements.amount_applied) as amount
    from {{ ref('int_reconciliation__settlements') }} as settlements
    inner join documents on settlements.side = documents.side and settlements.document_id = documents.document_id
    inner join atlas_etrm_invoices on documents.document_id = atlas_etrm_invoices.document_id
    group by all
),

atlas_etrm_payments as (
    select
        external_id,
        string_agg(payment_id::varchar, ', ' order by payment_id) as copy_ids,
        sum(abs(amount)) as amount
    from {{ ref('stg_atlas_etrm__payments') }}
    group by external_id
),

payment_pairs as (
    select
        applications.side,
        applications.currency_code,
        applications.payment_id || ':' || applications.document_id as record_id,
        applications.document_number,
        payments.copy_ids,
        applications.is_held,
        applications.amount as left_amount,
        payments.amount as right_amount,
        payments.external_id is not null as is_there
    from applications
    left join atlas_etrm_payments as payments
        on applications.payment_id || ':' || applications.document_id = payments.external_id
),

atlar_documents as (
    select
        case document_type when 'CREDIT_MEMO' then 'INVOICE' else document_type end as document_type,
        -- The key carries its kind before the id (`INVOICE/…`); ids are unique over all kinds.
        regexp_extract(provenance_vendor_id, '[^/]+$') as record_id,
        string_agg(document_id, ', ' order by document_id) as copy_ids,
        -- A credit is told above zero, and is one below zero in the books.
        sum(case document_type when 'CREDIT_MEMO' then -amount_instructed else amount_instructed end) as amount,
        sum(
            case document_type when 'CREDIT_MEMO' then -remaining_amount_instructed else remaining_amount_instructed end
        )
            as amount_remaining
    from {{ ref('stg_atlar__documents') }}
    where not is_voided
    group by all
),

atlar_pairs as (
    select
        documents.side,
        documents.currency_code,
        documents.document_id,
        documents.document_number,
        atlar_documents.copy_ids,
        documents.amount_total as left_amount,
        atlar_documents.amount as right_amount,
        documents.amount_due as left_remaining,
        atlar_documents.amount_remaining as right_remaining,
        atlar_documents.record_id is not null as is_there
    from documents
    left join atlar_documents
        on documents.document_id = atlar_documents.record_id and atlar_documents.document_type = 'INVOICE'
),

atlar_payment_pairs as (
    select
        payments.side,
        payments.currency_code,
        payments.payment_id,
        payments.reference_number,
        atlar_documents.copy_ids,
        payments.amount as left_amount,
        atlar_documents.amount as right_amount
    from {{ ref('int_reconciliation__payments') }} as payments
    inner join atlar_documents
        on payments.payment_id = atlar_documents.record_id and atlar_documents.document_type = 'PAYMENT'
)

select
    'documents_equal_atlas_etrm_invoices' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'invoice' else 'bill' end as record_type,
    document_id as left_document_id,
    copy_ids as right_document_id,
    document_number,
    left_amount,
    right_amount,
    is_there and not is_held as is_compared,
    is_held,
    not is_there and not is_held as is_pending
from invoice_pairs

union all

select
    'paid_documents_equal_atlas_etrm_paid' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'invoice' else 'bill' end as record_type,
    document_id as left_document_id,
    copy_ids as right_document_id,
    document_number,
    case when is_paid_here then left_amount else 0 end as left_amount,
    right_amount,
    is_paid_there and not is_to_be_reopened and not is_held as is_compared,
    is_held,
    (not is_held and (is_there and is_paid_here and not is_paid_there or is_to_be_reopened)) as is_pending
from invoice_pairs

union all

select
    'payments_equal_atlas_etrm_payments' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'payment' else 'payment_made' end as record_type,
    record_id as left_document_id,
    copy_ids as right_document_id,
    document_number,
    left_amount,
    right_amount,
    is_there and not is_held as is_compared,
    is_held,
    not is_there and not is_held as is_pending
from payment_pairs

union all

select
    'documents_equal_atlar_documents' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'invoice' else 'bill' end as record_type,
    document_id as left_document_id,
    copy_ids as right_document_id,
    document_number,
    left_amount,
    right_amount,
    is_there as is_compared,
    false as is_held,
    -- What was settled before Atlar was told of it is not sent any more.
    not is_there and left_remaining <> 0 as is_pending
from atlar_pairs

union all

select
    'payments_equal_atlar_payments' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'payment' else 'payment_made' end as record_type,
    payment_id as left_document_id,
    copy_ids as right_document_id,
    reference_number as document_number,
    left_amount,
    right_amount,
    true as is_compared,
    false as is_held,
    false as is_pending
from atlar_payment_pairs

union all

select
    'open_amounts_equal_atlar_remaining' as control_name,
    currency_code || '/' || side as scope,
    currency_code,
    case side when 'receivable' then 'invoice' else 'bill' end as record_type,
    document_id as left_document_id,
    copy_ids as right_document_id,
    document_number,
    left_remaining as left_amount,
    right_remaining as right_amount,
    is_there and left_remaining = right_remaining as is_compared,
    false as is_held,
    (is_there and left_remaining is distinct from right_remaining) as is_pending
from atlar_pairs
