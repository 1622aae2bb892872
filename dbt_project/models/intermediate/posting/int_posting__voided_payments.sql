-- Payments that counted once and were voided or taken out of the books since: what they last said while they counted,
-- and the day on which that is reversed, the later of their own and the first day that was open when it was seen.
-- One row per side and payment to reverse.
with last_effective as (
    select *
    from {{ ref('stg_atlas_accounting__payment_versions') }}
    where is_effective
    qualify
        row_number() over (
            partition by side, payment_id order by known_from desc, known_to desc nulls first
        ) = 1
),

discounts as (
    select
        side,
        payment_id,
        known_from,
        known_to,
        sum(amount_discount) as amount_discount
    from {{ ref('stg_atlas_accounting__payment_application_versions') }}
    group by side, payment_id, known_from, known_to
)

select
    payments.side,
    payments.payment_id,
    payments.party_id,
    payments.payment_date,
    payments.amount,
    coalesce(discounts.amount_discount, 0) as amount_discount,
    payments.payment_currency_code as currency_code,
    payments.account_id,
    payments.reference_number,
    payments.known_from,
    payments.known_to as voided_seen_at,
    greatest(payments.payment_date, coalesce(closings.first_open_date, payments.payment_date)) as reversal_date,
    {{ payment_entry_id('payments.side', 'payments.payment_id') }} as journal_entry_id
from last_effective as payments
left join discounts
    on
        payments.side = discounts.side
        and payments.payment_id = discounts.payment_id
        and payments.known_from = discounts.known_from
        and payments.known_to = discounts.known_to
left join {{ ref('int_posting__closings') }} as closings
    on
        payments.known_to >= closings.known_at
        and payments.known_to < closings.known_until
-- No effective version follows the last one: something else, or nothing, took its place.
where payments.known_to is not null
