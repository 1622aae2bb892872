-- What payments were applied to: those that count, and those that were voided since, once as they stood and once with
-- the other sign on the day of their reversal.
-- One row per side, payment and document, and one more for what was taken back.
with voided as (
    select
        voided.side,
        voided.payment_id,
        voided.payment_date,
        voided.reversal_date,
        applications.document_id,
        applications.amount_applied + applications.amount_discount as amount_settled
    from {{ ref('int_posting__voided_payments') }} as voided
    inner join {{ ref('stg_atlas_accounting__payment_application_versions') }} as applications
        on
            voided.side = applications.side
            and voided.payment_id = applications.payment_id
            and voided.known_from = applications.known_from
            and voided.voided_seen_at = applications.known_to
),

applications as (
    select
        side,
        payment_id,
        document_id,
        settlement_date,
        amount_settled,
        false as is_reversal
    from {{ ref('int_reconciliation__settlements') }}

    union all

    select
        side,
        payment_id,
        document_id,
        payment_date as settlement_date,
        amount_settled,
        false as is_reversal
    from voided

    union all

    select
        side,
        payment_id,
        document_id,
        reversal_date as settlement_date,
        -amount_settled as amount_settled,
        true as is_reversal
    from voided
)

select
    side,
    payment_id,
    document_id,
    is_reversal,
    max(settlement_date) as settlement_date,
    sum(amount_settled) as amount_settled
from applications
group by side, payment_id, document_id, is_reversal
having sum(amount_settled) <> 0
