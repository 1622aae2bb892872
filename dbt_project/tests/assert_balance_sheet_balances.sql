-- Assets equal liabilities and equity to exactly zero, each month, per currency and in base currency.
select
    period,
    currency_code,
    sum(case when section in ('liability', 'equity') then -amount else amount end) as difference,
    sum(case when section in ('liability', 'equity') then -amount_base else amount_base end) as difference_base
from {{ ref('fct_balance_sheet') }}
group by period, currency_code
having
    sum(case when section in ('liability', 'equity') then -amount else amount end) <> 0
    or (
        count(amount_base) = count(*)
        and sum(case when section in ('liability', 'equity') then -amount_base else amount_base end) <> 0
    )
