-- The closing booked balance of each account and day, and the control on it: the balance before plus the lines booked
-- since must give it. The control speaks only where the bank says every day in between is complete.
-- One row per account and day with a booked balance, up to the business date. Exact and unrounded.
with balances as (
    select
        *,
        lag(balance_date) over accounts_by_day as previous_balance_date,
        lag(amount) over accounts_by_day as amount_previous
    from {{ ref('int_reconciliation__booked_balances') }}
    window accounts_by_day as (partition by account_id order by balance_date nulls last)
),

days as (
    select
        account_id,
        booking_date,
        sum(amount) as amount,
        count(*) as line_count
    from {{ ref('stg_atlar__transactions') }}
    group by account_id, booking_date
),

-- A day counts as complete once it has an end-of-day summary, and every line the summary counted is here.
checked_days as (
    select
        coalesce(days.account_id, summaries.account_id) as account_id,
        coalesce(days.booking_date, summaries.summary_date) as booking_date,
        coalesce(days.amount, 0) as amount,
        coalesce(days.line_count, 0) as line_count,
        summaries.transaction_count as reported_count,
        summaries.account_id is not null as is_reported
    from days
    full outer join {{ ref('stg_atlar__end_of_day_summaries') }} as summaries
        on days.account_id = summaries.account_id and days.booking_date = summaries.summary_date
),

moved as (
    select
        balances.account_id,
        balances.balance_date,
        coalesce(sum(checked_days.amount), 0) as amount_moved,
        coalesce(sum(checked_days.line_count), 0) as line_count,
        coalesce(sum(checked_days.reported_count), 0) as reported_count,
        coalesce(bool_and(checked_days.is_reported), false)
        and coalesce(bool_or(checked_days.booking_date = balances.balance_date), false) as is_complete
    from balances
    left join checked_days
        on
            balances.account_id = checked_days.account_id
            and balances.previous_balance_date < checked_days.booking_date
            and balances.balance_date >= checked_days.booking_date
    group by balances.account_id, balances.balance_date
)

select
    balances.account_id,
    balances.balance_date,
    balances.currency_code,
    balances.amount as balance,
    balances.previous_balance_date,
    balances.amount_previous as balance_previous,
    moved.amount_moved,
    moved.line_count,
    moved.reported_count,
    balances.previous_balance_date is not null and moved.is_complete as is_complete,
    case
        when balances.previous_balance_date is not null and moved.is_complete
            then balances.amount_previous + moved.amount_moved - balances.amount
    end as difference,
    balances.balance_date = max(balances.balance_date) over (partition by balances.account_id) as is_latest
from balances
inner join moved on balances.account_id = moved.account_id and balances.balance_date = moved.balance_date
