-- Payments in another currency than the books', with what they can settle in all (the money and the discounts taken
-- with it) and its base amount at the rate of their day; those voided since with the day on which they are taken back.
-- One row per side and payment; without a reference rate the base amount is null.
with discounts as (
    select
        side,
        payment_id,
        sum(amount_discount) as amount_discount
    from {{ ref('int_reconciliation__settlements') }}
    group by side, payment_id
),

payments as (
    select
        payments.side,
        payments.payment_id,
        payments.party_id,
        payments.payment_date,
        null::date as reversal_date,
        payments.reference_number,
        payments.currency_code,
        payments.amount,
        coalesce(discounts.amount_discount, 0) as amount_discount
    from {{ ref('int_reconciliation__payments') }} as payments
    left join discounts
        on
            payments.side = discounts.side
            and payments.payment_id = discounts.payment_id

    union all

    select
        side,
        payment_id,
        party_id,
        payment_date,
        reversal_date,
        reference_number,
        currency_code,
        amount,
        amount_discount
    from {{ ref('int_posting__voided_payments') }}
),

totals as (
    select
        payments.*,
        parameters.base_currency_code,
        -- The books post a discount with money received alone.
        payments.amount
        + case when payments.side = 'receivable' then payments.amount_discount else 0 end as amount_total
    from payments
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    where payments.currency_code <> parameters.base_currency_code
)

select
    totals.side,
    totals.payment_id,
    totals.party_id,
    totals.payment_date,
    totals.reversal_date,
    totals.reference_number,
    totals.currency_code,
    totals.base_currency_code,
    totals.amount_total,
    {{ amount_in_base('totals.amount_total', 'totals.currency_code', 'totals.base_currency_code') }} as amount_base
from totals
{{ join_reference_rates('totals.currency_code', 'totals.base_currency_code', 'totals.payment_date') }}
