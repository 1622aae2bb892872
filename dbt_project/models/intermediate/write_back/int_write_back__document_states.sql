-- How each Atlar document of ours should stand by the books now: what remains, its date, whether it is void, and for
-- payments what they are applied to.
-- One row per Atlar document with the key of an accounting record.
with settled_by_atlar as (
    select
        side,
        document_id,
        bool_and(is_linked) as has_all_payments
    from {{ ref('int_write_back__payment_applications') }}
    group by side, document_id
),

invoices as (
    select
        case issued.side when 'receivable' then 'INVOICE/' else 'BILL/' end || issued.document_id as provenance_id,
        issued.document_number as record_number,
        issued.order_id,
        case when issued.amount_total < 0 then issued.issue_date else issued.due_date end as wanted_date,
        issued.issue_date as rate_date,
        abs(issued.amount_due) as wanted_remaining,
        -- The remaining amount moves only after the payments that caused it are there (DESIGN section 6.6).
        coalesce(settled_by_atlar.has_all_payments, true) as may_move,
        false as wanted_voided
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    left join settled_by_atlar
        on
            issued.side = settled_by_atlar.side
            and issued.document_id = settled_by_atlar.document_id
),

voided as (
    select
        'INVOICE/' || invoice_id as provenance_id,
        invoice_number as record_number,
        order_id
    from {{ ref('stg_atlas_accounting__invoices') }}
    where is_voided

    union all

    select
        'BILL/' || bill_id as provenance_id,
        bill_number as record_number,
        order_id
    from {{ ref('stg_atlas_accounting__bills') }}
    where is_voided

    union all

    select
        'PAYMENT/' || payment_id as provenance_id,
        reference_number as record_number,
        null::bigint as order_id
    from {{ ref('stg_atlas_accounting__payments') }}
    where payment_status = 'voided'

    union all

    select
        'PAYMENT_MADE/' || payment_made_id as provenance_id,
        reference_number as record_number,
        null::bigint as order_id
    from {{ ref('stg_atlas_accounting__payments_made') }}
    where payment_status = 'voided'
),

applied as (
    select
        side,
        payment_id,
        sum(amount_applied) as amount_applied,
        count(*) filter (where document_id_atlar is not null and not is_linked) as new_link_count
    from {{ ref('int_write_back__payment_applications') }}
    group by side, payment_id
),

payments as (
    select
        case payments.side when 'receivable' then 'PAYMENT/' else 'PAYMENT_MADE/' end || payments.payment_id
            as provenance_id,
        coalesce(payments.reference_number, payments.payment_id) as record_number,
        payments.payment_date as wanted_date,
        payments.payment_date as rate_date,
        payments.amount - coalesce(applied.amount_applied, 0) as wanted_remaining,
        true as may_move,
        false as wanted_voided,
        coalesce(applied.new_link_count, 0) > 0 as has_new_links
    from {{ ref('int_reconciliation__payments') }} as payments
    left join applied
        on
            payments.side = applied.side
            and payments.payment_id = applied.payment_id
),

wanted as (
    select * from invoices
    union all by name
    -- A void says nothing else: the amounts and the date stay as they are.
    select
        voided.*,
        true as may_move,
        true as wanted_voided
    from voided
    union all by name
    select * from payments
)

select
    documents.document_id as document_id_atlar,
    wanted.provenance_id,
    wanted.record_number,
    wanted.order_id,
    wanted.rate_date,
    coalesce(wanted.wanted_date, documents.document_date) as wanted_date,
    coalesce(wanted.wanted_remaining, documents.remaining_amount_instructed) as wanted_remaining,
    wanted.wanted_voided,
    wanted.may_move,
    coalesce(wanted.has_new_links, false) as has_new_links
from wanted
inner join {{ ref('stg_atlar__documents') }} as documents
    on wanted.provenance_id = documents.provenance_vendor_id
-- A document made twice at Atlar is one here, its first copy; the second shows as a difference in the controls.
qualify
    row_number() over (
        partition by wanted.provenance_id order by documents.created_at asc nulls last, documents.document_id asc
    ) = 1
