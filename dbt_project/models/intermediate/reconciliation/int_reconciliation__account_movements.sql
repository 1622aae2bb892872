-- What was posted on each account in each month up to the business date, debit above zero, in the currency of the lines
-- and in base currency, and the section of the statements the account belongs to.
-- One row per month, account and currency that moved. Amounts in base currency are null where a rate is missing.
with companies as (
    select min({{ fiscal_first_month('fiscal_year_start_month') }}) as first_month
    from {{ ref('stg_atlas_accounting__companies') }}
),

account_names as (
    select
        account_number,
        min(account_name) as account_name,
        min(account_type) as account_type
    from {{ ref('stg_atlas_accounting__accounts') }}
    group by account_number
),

movements as (
    select
        last_day(lines.entry_date) as month_end_date,
        lines.gl_account,
        lines.currency_code,
        lines.base_currency_code,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as amount,
        case
            when count(lines.amount_base) = count(*)
                then sum(case lines.entry_side when 'debit' then lines.amount_base else -lines.amount_base end)
        end as amount_base
    from {{ ref('int_posting__journal_lines') }} as lines
    inner join {{ ref('stg_operations__run_parameters') }} as parameters
        on lines.entry_date <= parameters.as_of_date
    where lines.is_posted
    group by last_day(lines.entry_date), lines.gl_account, lines.currency_code, lines.base_currency_code
)

select
    movements.month_end_date,
    {{ fiscal_year_start('movements.month_end_date', 'coalesce(companies.first_month, 1)') }} as fiscal_year_start_date,
    movements.gl_account,
    account_names.account_name,
    case
        when account_names.account_type in ('asset', 'bank', 'accounts_receivable') then 'asset'
        when account_names.account_type in ('liability', 'accounts_payable') then 'liability'
        else coalesce(account_names.account_type, 'unknown')
    end as section,
    movements.currency_code,
    movements.base_currency_code,
    movements.amount,
    movements.amount_base
from movements
cross join companies
left join account_names on movements.gl_account = account_names.account_number
where movements.amount <> 0 or coalesce(movements.amount_base, 0) <> 0
