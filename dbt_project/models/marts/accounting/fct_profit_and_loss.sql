-- The profit and loss statement of each month and of the fiscal year so far, from our posted lines: revenue and
-- expenses each above zero on their own side, and what each adds to the result.
-- One row per month, account and currency, from the account's first month of a fiscal year to its last, moved or not.
-- The running month stands as of the business date.
with movements as (
    select *
    from {{ ref('int_reconciliation__account_movements') }}
    where section in ('revenue', 'expense')
),

months as (
    select * from {{ ref('int_reconciliation__statement_months') }}
),

accounts as (
    select
        fiscal_year_start_date,
        gl_account,
        account_name,
        section,
        currency_code,
        base_currency_code,
        min(month_end_date) as first_month_end_date
    from movements
    group by fiscal_year_start_date, gl_account, account_name, section, currency_code, base_currency_code
),

by_month as (
    select
        months.month_end_date,
        accounts.fiscal_year_start_date,
        accounts.section,
        accounts.gl_account,
        accounts.account_name,
        accounts.currency_code,
        accounts.base_currency_code,
        -- To the result: revenue adds, expenses take off.
        -coalesce(movements.amount, 0) as result_amount,
        case when movements.gl_account is null then 0 else -movements.amount_base end as result_amount_base
    from accounts
    inner join months
        on
            accounts.fiscal_year_start_date = months.fiscal_year_start_date
            and accounts.first_month_end_date <= months.month_end_date
    left join movements
        on
            months.month_end_date = movements.month_end_date
            and accounts.gl_account = movements.gl_account
            and accounts.currency_code = movements.currency_code
),

so_far as (
    select
        *,
        sum(result_amount) over year_so_far as result_amount_year_to_date,
        case
            when bool_and(result_amount_base is not null) over year_so_far then sum(result_amount_base) over year_so_far
        end as result_amount_base_year_to_date,
        case section when 'revenue' then 1 else -1 end as side
    from by_month
    window year_so_far as (
        partition by fiscal_year_start_date, gl_account, currency_code order by month_end_date asc nulls last
        rows between unbounded preceding and current row
    )
)

select
    strftime(month_end_date, '%Y-%m') as period,
    fiscal_year_start_date,
    section,
    gl_account,
    account_name,
    currency_code,
    cast(side * result_amount as decimal(38, 4)) as amount,
    cast(side * result_amount_year_to_date as decimal(38, 4)) as amount_year_to_date,
    cast(result_amount as decimal(38, 4)) as result_amount,
    cast(result_amount_year_to_date as decimal(38, 4)) as result_amount_year_to_date,
    base_currency_code,
    cast(side * result_amount_base as decimal(38, 4)) as amount_base,
    cast(side * result_amount_base_year_to_date as decimal(38, 4)) as amount_base_year_to_date
from so_far
