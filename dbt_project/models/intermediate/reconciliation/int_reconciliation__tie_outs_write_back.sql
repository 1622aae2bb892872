-- Controls of what was written back: the documents and payments of the books against their ATLAS ETRM and Atlar copies.
-- Only what both sides have is compared; what is due there but has not arrived, refused or not, is counted as pending.
-- A copy made twice shows, because every copy of a record is summed up.
-- An invoice that we marked as paid and that is open again is due to be unmarked, which a person approves: pending too.
-- One row per control, currency and side.
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
        count(*) as copy_count,
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
        sum(abs(amount)) as amount
    from {{ ref('stg_atlas_etrm__payments') }}
    group by external_id
),

payment_pairs as (
    select
        applications.side,
        applications.currency_code,
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
        document_type,
        -- The key carries its kind before the id (`INVOICE/…`); ids are unique over all kinds.
        regexp_extract(provenance_vendor_id, '[^/]+$') as record_id,
        sum(amount_instructed) as amount,
        sum(remaining_amount_instructed) as amount_remaining
    from {{ ref('stg_atlar__documents') }}
    where not is_voided
    group by all
),

atlar_pairs as (
    select
        documents.side,
        documents.currency_code,
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
        payments.amount as left_amount,
        atlar_documents.amount as right_amount
    from {{ ref('int_reconciliation__payments') }} as payments
    inner join atlar_documents
        on payments.payment_id = atlar_documents.record_id and atlar_documents.document_type = 'PAYMENT'
)

select
    'documents_equal_atlas_etrm_invoices' as control_name,
    currency_code || '/' || side as scope,
    'Issued documents of orders' as left_label,
    coalesce(sum(left_amount) filter (where is_there and not is_held), 0) as left_amount,
    'Their invoices in ATLAS ETRM' as right_label,
    coalesce(sum(right_amount) filter (where is_there and not is_held), 0) as right_amount,
    currency_code,
    0 as amount_reconciling,
    count(*) filter (where is_held) as held_count,
    count(*) filter (where not is_there and not is_held) as pending_count
from invoice_pairs
group by currency_code, side

union all

select
    'paid_documents_equal_atlas_etrm_paid' as control_name,
    currency_code || '/' || side as scope,
    'Issued documents of orders with nothing left open' as left_label,
    coalesce(sum(left_amount) filter (where is_paid_there and is_paid_here and not is_held), 0) as left_amount,
    'Their invoices in ATLAS ETRM marked as paid' as right_label,
    coalesce(sum(right_amount) filter (where is_paid_there and not is_to_be_reopened and not is_held), 0)
        as right_amount,
    currency_code,
    0 as amount_reconciling,
    count(*) filter (where is_held) as held_count,
    count(*) filter (where not is_held and (is_there and is_paid_here and not is_paid_there or is_to_be_reopened))
        as pending_count
from invoice_pairs
group by currency_code, side

union all

select
    'payments_equal_atlas_etrm_payments' as control_name,
    currency_code || '/' || side as scope,
    'Payments applied to documents of orders' as left_label,
    coalesce(sum(left_amount) filter (where is_there and not is_held), 0) as left_amount,
    'Their payments in ATLAS ETRM' as right_label,
    coalesce(sum(right_amount) filter (where is_there and not is_held), 0) as right_amount,
    currency_code,
    0 as amount_reconciling,
    count(*) filter (where is_held) as held_count,
    count(*) filter (where not is_there and not is_held) as pending_count
from payment_pairs
group by currency_code, side

union all

select
    'documents_equal_atlar_documents' as control_name,
    currency_code || '/' || side as scope,
    'Issued documents, face value' as left_label,
    coalesce(sum(left_amount) filter (where is_there), 0) as left_amount,
    'Their documents in Atlar' as right_label,
    coalesce(sum(right_amount) filter (where is_there), 0) as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    -- What was settled before Atlar was told of it is not sent any more.
    count(*) filter (where not is_there and left_remaining <> 0) as pending_count
from atlar_pairs
group by currency_code, side

union all

select
    'payments_equal_atlar_payments' as control_name,
    currency_code || '/' || side as scope,
    'Payments sent to Atlar' as left_label,
    sum(left_amount) as left_amount,
    'Their documents in Atlar' as right_label,
    sum(right_amount) as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from atlar_payment_pairs
group by currency_code, side

union all

select
    'open_amounts_equal_atlar_remaining' as control_name,
    currency_code || '/' || side as scope,
    'Amounts due of issued documents in step with Atlar' as left_label,
    coalesce(sum(left_remaining) filter (where is_there and left_remaining = right_remaining), 0) as left_amount,
    'Remaining amounts of their documents in Atlar' as right_label,
    coalesce(sum(right_remaining) filter (where is_there and left_remaining = right_remaining), 0) as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    count(*) filter (where is_there and left_remaining is distinct from right_remaining) as pending_count
from atlar_pairs
group by currency_code, side
