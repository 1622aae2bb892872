-- The ages of `fct_receivables_aging` and `fct_payables_aging` must add up to what is open, and that to the open
-- items themselves: an item that fell out of every bucket would otherwise vanish from what a customer is shown.
with aging as (
    select
        'receivable' as side,
        customer_id as party_id,
        currency_code,
        not_due + days_1_30 + days_31_60 + days_61_90 + days_91_120 + days_over_120 as by_age,
        total_open,
        open_credits,
        balance
    from {{ ref('fct_receivables_aging') }}

    union all

    select
        'payable' as side,
        vendor_id as party_id,
        currency_code,
        not_due + days_1_30 + days_31_60 + days_61_90 + days_91_120 + days_over_120 as by_age,
        total_open,
        open_credits,
        balance
    from {{ ref('fct_payables_aging') }}
),

items as (
    select
        'receivable' as side,
        customer_id as party_id,
        currency_code,
        sum(amount_open) as amount_open
    from {{ ref('fct_receivables') }}
    where amount_total >= 0
    group by customer_id, currency_code

    union all

    select
        'payable' as side,
        vendor_id as party_id,
        currency_code,
        sum(amount_open) as amount_open
    from {{ ref('fct_payables') }}
    where amount_total >= 0
    group by vendor_id, currency_code
)

select
    aging.*,
    items.amount_open
from aging
full outer join items
    on aging.side = items.side and aging.party_id = items.party_id and aging.currency_code = items.currency_code
where
    aging.by_age is distinct from aging.total_open
    or aging.balance is distinct from aging.total_open - aging.open_credits
    or coalesce(items.amount_open, 0) is distinct from aging.total_open
