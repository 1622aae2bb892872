-- What stands behind the controls of the ledger: of an account in the trial balance our entries beside the vendor's
-- figure, of a section in a report its accounts beside the vendor's. The vendor's reports name no documents.
-- One row per control and entry, account or report. Exact and unrounded.
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
        lines.journal_entry_id,
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

trial_balance as (
    select
        coalesce(balances.account_number, accounts.account_number, balances.account_id) as gl_account,
        coalesce(balances.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        balances.balance
    from {{ ref('stg_atlas_accounting__trial_balance_accounts') }} as balances
    inner join parameters on balances.as_of_date = parameters.as_of_date
    left join accounts on balances.account_id = accounts.account_id
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

-- The reports that are compared; see `int_reconciliation__tie_outs_ledger`.
reports as (
    select distinct
        report_rows.control_name,
        report_rows.period_start_date,
        report_rows.period_end_date
    from report_rows
    inner join parameters
        on
            report_rows.period_end_date = parameters.as_of_date
            or (
                report_rows.control_name = 'profit_and_loss_equals_vendor'
                and report_rows.period_end_date < parameters.as_of_date
                and report_rows.period_start_date >= date_trunc('year', parameters.as_of_date)
                and report_rows.period_start_date = date_trunc('month', report_rows.period_end_date)
                and report_rows.period_end_date = last_day(report_rows.period_end_date)
            )
),

vendor_accounts as (
    select
        report_rows.control_name,
        report_rows.period_start_date,
        report_rows.period_end_date,
        report_rows.section,
        coalesce(report_rows.account_number, accounts.account_number, report_rows.account_id) as gl_account,
        coalesce(report_rows.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        sum(report_rows.amount) as amount
    from report_rows
    cross join parameters
    left join accounts on report_rows.account_id = accounts.account_id
    group by all
),

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
),

report_pairs as (
    select
        coalesce(our_accounts.control_name, vendor_accounts.control_name) as control_name,
        coalesce(our_accounts.currency_code, vendor_accounts.currency_code) || '/'
        || coalesce(our_accounts.section, vendor_accounts.section, 'unknown')
        || coalesce(
            '/' || coalesce(our_accounts.period_start_date, vendor_accounts.period_start_date)
            || '..' || coalesce(our_accounts.period_end_date, vendor_accounts.period_end_date),
            ''
        ) as scope,
        our_accounts.gl_account as left_document_id,
        vendor_accounts.gl_account as right_document_id,
        coalesce(our_accounts.amount, 0) as left_amount,
        coalesce(vendor_accounts.amount, 0) as right_amount
    from our_accounts
    full outer join vendor_accounts
        on
            our_accounts.control_name = vendor_accounts.control_name
            and our_accounts.period_start_date is not distinct from vendor_accounts.period_start_date
            and our_accounts.period_end_date = vendor_accounts.period_end_date
            and our_accounts.section = vendor_accounts.section
            and our_accounts.gl_account = vendor_accounts.gl_account
            and our_accounts.currency_code = vendor_accounts.currency_code
)

select
    'trial_balance_equals_vendor' as control_name,
    lines.currency_code || '/' || lines.gl_account as scope,
    'journal_entry' as record_type,
    lines.journal_entry_id as left_document_id,
    null::varchar as right_document_id,
    null::varchar as document_number,
    sum(lines.amount) as left_amount,
    0 as right_amount
from lines
inner join parameters on lines.entry_date <= parameters.as_of_date
group by lines.currency_code, lines.gl_account, lines.journal_entry_id

union all

select
    'trial_balance_equals_vendor' as control_name,
    currency_code || '/' || gl_account as scope,
    'report' as record_type,
    null::varchar as left_document_id,
    'trial balance' as right_document_id,
    null::varchar as document_number,
    0 as left_amount,
    sum(balance) as right_amount
from trial_balance
group by currency_code, gl_account

union all

select
    control_name,
    scope,
    'account' as record_type,
    left_document_id,
    right_document_id,
    null::varchar as document_number,
    left_amount,
    right_amount
from report_pairs
