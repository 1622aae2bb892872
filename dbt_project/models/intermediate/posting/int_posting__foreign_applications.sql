-- What payments were applied to: those that count, and those that count no more (the payment or the document was
-- voided, or the payment was taken off the document), once as they stood and once with the other sign on the day on
-- which they are taken back.
-- One row per side, payment and document, and one more for what was taken back.
with voided_payments as (
    select
        voided.side,
        voided.payment_id,
        applications.document_id,
        voided.payment_date as settlement_date,
        voided.reversal_date,
        voided.voided_seen_at as gone_at,
        applications.amount_applied + applications.amount_discount as amount_settled
    from {{ ref('int_posting__voided_payments') }} as voided
    inner join {{ ref('stg_atlas_accounting__payment_application_versions') }} as applications
        on
            voided.side = applications.side
            and voided.payment_id = applications.payment_id
            and voided.known_from = applications.known_from
            and voided.voided_seen_at = applications.known_to
),

voided_documents as (
    select
        case document_type when 'invoice' then 'receivable' else 'payable' end as side,
        document_id,
        reversal_date,
        voided_seen_at
    from {{ ref('int_posting__voided_documents') }}
    where is_posted
),

-- What names a document that is void now: taken back with it, whatever becomes of the payment afterwards.
counting as (
    select
        settlements.side,
        settlements.payment_id,
        settlements.document_id,
        settlements.settlement_date,
        case
            when documents.document_id is not null
                then greatest(settlements.settlement_date, documents.reversal_date)
        end as reversal_date,
        settlements.amount_settled
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join voided_documents as documents
        on
            settlements.side = documents.side
            and settlements.document_id = documents.document_id
),

gone as (
    select * from voided_payments

    union all

    select
        side,
        payment_id,
        document_id,
        settlement_date,
        reversal_date,
        gone_at,
        amount_applied + amount_discount as amount_settled
    from {{ ref('int_posting__applications_taken_off') }}
),

applications as (
    select
        side,
        payment_id,
        document_id,
        settlement_date,
        reversal_date,
        amount_settled
    from counting

    union all

    select
        gone.side,
        gone.payment_id,
        gone.document_id,
        gone.settlement_date,
        case
            when documents.voided_seen_at < gone.gone_at
                then greatest(gone.settlement_date, documents.reversal_date)
            else gone.reversal_date
        end as reversal_date,
        gone.amount_settled
    from gone
    left join voided_documents as documents
        on
            gone.side = documents.side
            and gone.document_id = documents.document_id
)

select
    side,
    payment_id,
    document_id,
    false as is_reversal,
    max(settlement_date) as settlement_date,
    sum(amount_settled) as amount_settled
from applications
group by side, payment_id, document_id
having sum(amount_settled) <> 0

union all

select
    side,
    payment_id,
    document_id,
    true as is_reversal,
    max(reversal_date) as settlement_date,
    -sum(amount_settled) as amount_settled
from applications
where reversal_date is not null
group by side, payment_id, document_id
having sum(amount_settled) <> 0
