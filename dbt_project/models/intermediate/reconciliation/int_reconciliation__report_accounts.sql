-- The accounts of the vendor's profit and loss statements and balance sheet, with what our posted lines come to on
-- each.
-- One row per control, report, section, account and currency that either side has.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

accounts as (
    select
        charted.account_id,
        charted.account_number,
        charted.account_type,
        coalesce(charted.currency_code, parameters.base_currency_code) as currency_code
    from {{ ref('stg_atlas_accounting__accounts') }} as charted
    cross join parameters
),

account_types as (
    select
        account_number,
        min(account_type) as account_type
    from accounts
    group by account_number
),

lines as (
    select
        lines.gl_account,
        lines.currency_code,
        lines.entry_date,
        case lines.entry_side when 'debit' then lines.amount else -lines.amount end as amount,
        case
            when account_types.account_type in ('asset', 'bank', 'accounts_receivable') then 'asset'
            when account_types.account_type in ('liability', 'accounts_payable') then 'liability'
            else account_types.account_type
        end as section
    from {{ ref('int_posting__journal_lines') }} as lines
    left join account_types on lines.gl_account = account_types.account_number
    where lines.is_posted and lines.amount <> 0
),

report_rows as (
    select
        'profit_and_loss_equals_vendor' as control_name,
        period_start_date,
        period_end_date,
        section,
        account_id,
        account_number,
        currency_code,
        amount
    from {{ ref('stg_atlas_accounting__profit_loss_accounts') }}

    union all

    select
        'balance_sheet_equals_vendor' as control_name,
        null::date as period_start_date,
        as_of_date as period_end_date,
        section,
        account_id,
        account_number,
        currency_code,
        amount
    from {{ ref('stg_atlas_accounting__balance_sheet_accounts') }}
),

-- The reports each extraction reads anew: up to the business date, and the months of its year before it. Others were
-- read on another business date and may have been overtaken since.
reports as (
    select
        'profit_and_loss_equals_vendor' as control_name,
        reports.period_start_date,
        reports.period_end_date
    from {{ ref('stg_atlas_accounting__profit_loss') }} as reports
    inner join parameters
        on
            reports.period_end_date = parameters.as_of_date
            or (
                reports.period_end_date < parameters.as_of_date
                and reports.period_start_date >= date_trunc('year', parameters.as_of_date)
                and reports.period_start_date = date_trunc('month', reports.period_end_date)
                and reports.period_end_date = last_day(reports.period_end_date)
            )

    union all

    select
        'balance_sheet_equals_vendor' as control_name,
        null::date as period_start_date,
        reports.as_of_date as period_end_date
    from {{ ref('stg_atlas_accounting__balance_sheet') }} as reports
    inner join parameters on reports.as_of_date = parameters.as_of_date
),

vendor_accounts as (
    select
        reports.control_name,
        reports.period_start_date,
        reports.period_end_date,
        report_rows.section,
        coalesce(report_rows.account_number, accounts.account_number, report_rows.account_id) as gl_account,
        coalesce(report_rows.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        sum(report_rows.amount) as amount
    from reports
    inner join report_rows
        on
            reports.control_name = report_rows.control_name
            and reports.period_end_date = report_rows.period_end_date
            and reports.period_start_date is not distinct from report_rows.period_start_date
    cross join parameters
    left join accounts on report_rows.account_id = accounts.account_id
    group by all
),

-- Each section on its own side. The result of the years is equity in a balance sheet, whoever closes them.
our_accounts as (
    select
        reports.control_name,
        reports.period_start_date,
        reports.period_end_date,
        case
            when reports.control_name = 'balance_sheet_equals_vendor' and lines.section in ('revenue', 'expense')
                then 'equity'
            else lines.section
        end as section,
        lines.gl_account,
        lines.currency_code,
        sum(
            case
                when lines.section = 'asset' then lines.amount
                when lines.section = 'expense' and reports.control_name = 'profit_and_loss_equals_vendor'
                    then lines.amount
                else -lines.amount
            end
        ) as amount
    from reports
    inner join lines
        on
            reports.period_end_date >= lines.entry_date
            and coalesce(reports.period_start_date, lines.entry_date) <= lines.entry_date
    where
        reports.control_name = 'balance_sheet_equals_vendor'
        or lines.section in ('revenue', 'expense')
    group by all
)

select
    coalesce(our_accounts.control_name, vendor_accounts.control_name) as control_name,
    coalesce(our_accounts.period_start_date, vendor_accounts.period_start_date) as period_start_date,
    coalesce(our_accounts.period_end_date, vendor_accounts.period_end_date) as period_end_date,
    coalesce(our_accounts.currency_code, vendor_accounts.currency_code) || '/'
    || coalesce(our_accounts.section, vendor_accounts.section, 'unknown')
    || coalesce(
        '/' || coalesce(our_accounts.period_start_date, vendor_accounts.period_start_date)
        || '..' || coalesce(our_accounts.period_end_date, vendor_accounts.period_end_date),
        ''
    ) as scope,
    coalesce(our_accounts.currency_code, vendor_accounts.currency_code) as currency_code,
    our_accounts.gl_account as our_gl_account,
    vendor_accounts.gl_account as vendor_gl_account,
    coalesce(our_accounts.amount, 0) as our_amount,
    coalesce(vendor_accounts.amount, 0) as vendor_amount
from our_accounts
full outer join vendor_accounts
    on
        our_accounts.control_name = vendor_accounts.control_name
        and our_accounts.period_start_date is not distinct from vendor_accounts.period_start_date
        and our_accounts.period_end_date = vendor_accounts.period_end_date
        and our_accounts.section = vendor_accounts.section
        and our_accounts.gl_account = vendor_accounts.gl_account
        and our_accounts.currency_code = vendor_accounts.currency_code
