-- What the books hold on each account at the end of each month, and beside it what is journalled but not yet issued.
-- One row per month, account and currency, from the account's first month to the latest one, moved or not.
with movements as (
    select
        strftime(entry_date, '%Y-%m') as period,
        gl_account,
        currency_code,
        sum(case when posting_status = 'posted' and entry_side = 'debit' then amount else 0 end) as debit,
        sum(case when posting_status = 'posted' and entry_side = 'credit' then amount else 0 end) as credit,
        sum(case when posting_status = 'pending' and entry_side = 'debit' then amount else 0 end) as pending_debit,
        sum(case when posting_status = 'pending' and entry_side = 'credit' then amount else 0 end) as pending_credit
    from {{ ref('fct_journal_entry_lines') }}
    where amount <> 0
    group by all
),

periods as (
    select period from movements
    union
    select strftime(as_of_date, '%Y-%m') as period from {{ ref('stg_operations__run_parameters') }}
),

accounts as (
    select
        gl_account,
        currency_code,
        min(period) as first_period
    from movements
    group by gl_account, currency_code
),

account_names as (
    select
        account_number,
        min(account_name) as account_name,
        min(account_type) as account_type
    from {{ ref('stg_atlas_accounting__accounts') }}
    group by account_number
),

balances as (
    select
        periods.period,
        accounts.gl_account,
        accounts.currency_code,
        coalesce(movements.debit, 0) as debit,
        coalesce(movements.credit, 0) as credit,
        coalesce(movements.pending_debit, 0) as pending_debit,
        coalesce(movements.pending_credit, 0) as pending_credit,
        sum(coalesce(movements.debit, 0) - coalesce(movements.credit, 0)) over (
            partition by accounts.gl_account, accounts.currency_code order by periods.period
            rows between unbounded preceding and current row
        ) as balance
    from accounts
    inner join periods
        on accounts.first_period <= periods.period
    left join movements
        on
            periods.period = movements.period
            and accounts.gl_account = movements.gl_account
            and accounts.currency_code = movements.currency_code
)

select
    balances.period,
    balances.gl_account,
    account_names.account_name,
    account_names.account_type,
    balances.currency_code,
    (balances.balance - balances.debit + balances.credit)::decimal(38, 4) as opening_balance,
    balances.debit::decimal(38, 4) as debit,
    balances.credit::decimal(38, 4) as credit,
    balances.balance::decimal(38, 4) as balance,
    balances.pending_debit::decimal(38, 4) as pending_debit,
    balances.pending_credit::decimal(38, 4) as pending_credit
from balances
left join account_names
    on balances.gl_account = account_names.account_number
