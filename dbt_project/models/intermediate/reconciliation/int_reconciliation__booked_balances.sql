-- The closing booked balance of each day a bank reported one, up to the business date.
-- One row per account and day.
select
    balances.account_id,
    balances.balance_date,
    balances.currency_code,
    balances.amount,
    balances.balance_at
from {{ ref('stg_atlar__balances') }} as balances
cross join {{ ref('stg_operations__run_parameters') }} as parameters
-- Banks name the closing balance either way (contract atlar, section 5.2).
where balances.balance_type in ('BOOKED', 'CLOSING_BOOKED') and balances.balance_date <= parameters.as_of_date
qualify
    row_number() over (
        partition by balances.account_id, balances.balance_date
        order by balances.balance_at desc nulls last, balances.version desc nulls last
    ) = 1
