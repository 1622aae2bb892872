-- The last running balance of each account and month is the balance of the trial balance.
with ends as (
    select
        gl_account,
        currency_code,
        period,
        balance
    from {{ ref('fct_general_ledger') }}
    where debit <> 0 or credit <> 0
    qualify
        row_number() over (
            partition by gl_account, currency_code, period
            order by entry_date desc nulls last, journal_entry_id desc nulls last, line_number desc nulls last
        ) = 1
)

select
    ends.*,
    trial_balance.balance as trial_balance
from ends
left join {{ ref('fct_trial_balance') }} as trial_balance
    on
        ends.gl_account = trial_balance.gl_account
        and ends.currency_code = trial_balance.currency_code
        and ends.period = trial_balance.period
where ends.balance is distinct from trial_balance.balance
