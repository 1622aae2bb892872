-- The balance sheet at the end of each month, from our posted lines: assets on one side, liabilities and equity on the
-- other. The result of the fiscal year so far, and of years before it that nobody has closed, are lines of equity, so
-- that both sides are equal to exactly zero in every currency.
-- One row per month, section, line and currency. The running month stands as of the business date.
with movements as (
    select * from {{ ref('int_reconciliation__account_movements') }}
),

months as (
    select * from {{ ref('int_reconciliation__statement_months') }}
),

standing as (
    select
        months.month_end_date,
        case when movements.section in ('revenue', 'expense') then 'equity' else movements.section end as section,
        case
            when movements.section not in ('revenue', 'expense') then 'account'
            when movements.fiscal_year_start_date = months.fiscal_year_start_date then 'current_year_result'
            else 'retained_result'
        end as line_type,
        case when movements.section not in ('revenue', 'expense') then movements.gl_account end as gl_account,
        case when movements.section not in ('revenue', 'expense') then movements.account_name end as account_name,
        movements.currency_code,
        movements.base_currency_code,
        sum(movements.amount) as balance,
        case when count(movements.amount_base) = count(*) then sum(movements.amount_base) end as balance_base
    from months
    inner join movements on months.month_end_date >= movements.month_end_date
    group by all
)

select
    strftime(month_end_date, '%Y-%m') as period,
    section,
    line_type,
    gl_account,
    case line_type
        when 'current_year_result' then 'Result of the fiscal year so far'
        when 'retained_result' then 'Results of earlier years, not closed'
        else account_name
    end as line_name,
    currency_code,
    -- Assets stand with debit above zero, liabilities and equity with credit; an account nobody can place, as an asset.
    cast(case when section in ('liability', 'equity') then -balance else balance end as decimal(38, 4)) as amount,
    base_currency_code,
    cast(case when section in ('liability', 'equity') then -balance_base else balance_base end as decimal(38, 4))
        as amount_base
from standing
