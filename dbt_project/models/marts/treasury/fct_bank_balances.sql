-- The closing booked balance of each account and day, and the control on it: the balance before plus the lines booked
-- since must give it. The control speaks only where the bank says every day in between is complete.
-- One row per account and day with a booked balance, up to the business date.
select
    balances.account_id,
    accounts.account_name,
    balances.balance_date,
    balances.currency_code,
    {{ money('balances.balance', 'balances.currency_code') }} as balance,
    balances.previous_balance_date,
    {{ money('balances.balance_previous', 'balances.currency_code') }} as balance_previous,
    {{ money('balances.amount_moved', 'balances.currency_code', width=38) }} as amount_moved,
    cast(balances.line_count as bigint) as line_count,
    cast(balances.reported_count as bigint) as reported_line_count,
    balances.is_complete,
    {{ money('balances.difference', 'balances.currency_code', width=38) }} as difference,
    balances.is_latest
from {{ ref('int_reconciliation__bank_balances') }} as balances
left join {{ ref('stg_atlar__accounts') }} as accounts on balances.account_id = accounts.account_id
