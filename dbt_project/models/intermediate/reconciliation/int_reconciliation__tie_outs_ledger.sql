-- Controls between our ledger, which holds every posted event once, and the reports of Atlas Accounting.
-- One row per control and account (trial balance), or per control, report, section and currency.
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

our_balances as (
    select
        lines.gl_account,
        lines.currency_code,
        sum(lines.amount) as balance
    from lines
    inner join parameters on lines.entry_date <= parameters.as_of_date
    group by lines.gl_account, lines.currency_code
),

vendor_balances as (
    select
        coalesce(balances.account_number, accounts.account_number, balances.account_id) as gl_account,
        coalesce(balances.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        sum(balances.balance) as balance
    from {{ ref('stg_atlas_accounting__trial_balance_accounts') }} as balances
    inner join parameters on balances.as_of_date = parameters.as_of_date
    left join accounts on balances.account_id = accounts.account_id
    group by all
),

trial_balance as (
    select
        coalesce(our_balances.gl_account, vendor_balances.gl_account) as gl_account,
        coalesce(our_balances.currency_code, vendor_balances.currency_code) as currency_code,
        coalesce(our_balances.balance, 0) as our_balance,
        coalesce(vendor_balances.balance, 0) as vendor_balance
    from our_balances
    full outer join vendor_balances
        on
            our_balances.gl_account = vendor_balances.gl_account
            and our_balances.currency_code = vendor_balances.currency_code
    where exists (
        select 1
        from {{ ref('stg_atlas_accounting__trial_balance') }} as reports
        inner join parameters on reports.as_of_date = parameters.as_of_date
    )
),

report_rows as (
    select
        'profit_and_loss_equals_vendor' as control_name,
        period_start_date,
        period_end_date,
        section,
        account_id,
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

vendor_sections as (
    select
        reports.control_name,
        reports.period_start_date,
        reports.period_end_date,
        report_rows.section,
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
our_sections as (
    select
        reports.control_name,
        reports.period_start_date,
        reports.period_end_date,
        case
            when reports.control_name = 'balance_sheet_equals_vendor' and lines.section in ('revenue', 'expense')
                then 'equity'
            else lines.section
        end as section,
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

sections as (
    select
        coalesce(our_sections.control_name, vendor_sections.control_name) as control_name,
        coalesce(our_sections.period_start_date, vendor_sections.period_start_date) as period_start_date,
        coalesce(our_sections.period_end_date, vendor_sections.period_end_date) as period_end_date,
        coalesce(our_sections.section, vendor_sections.section, 'unknown') as section,
        coalesce(our_sections.currency_code, vendor_sections.currency_code) as currency_code,
        coalesce(our_sections.amount, 0) as our_amount,
        coalesce(vendor_sections.amount, 0) as vendor_amount
    from our_sections
    full outer join vendor_sections
        on
            our_sections.control_name = vendor_sections.control_name
            and our_sections.period_start_date is not distinct from vendor_sections.period_start_date
            and our_sections.period_end_date = vendor_sections.period_end_date
            and our_sections.section = vendor_sections.section
            and our_sections.currency_code = vendor_sections.currency_code
),

-- Every copy of an entry counts: one posted twice is a difference of its whole amount.
vendor_entries as (
    select
        coalesce(lines.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        sum(lines.amount) as amount
    from {{ ref('stg_atlas_accounting__journal_entries') }} as entries
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on
            entries.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
            and lines.entry_side = 'debit'
    left join accounts
        on lines.account_id = accounts.account_id
    cross join parameters
    where
        entries.is_posted
        and entries.journal_key is not null
        -- Those of orders are compared with their orders.
        and entries.journal_key not like 'atlas_etrm:order:%'
        and coalesce(entries.source_type, '') <> 'reversal'
    group by all
),

our_entries as (
    select
        currency_code,
        coalesce(sum(amount) filter (where is_posted), 0) as amount,
        count(distinct journal_entry_id) filter (where not is_posted) as pending_count
    from {{ ref('int_posting__journal_lines') }}
    where
        entry_side = 'debit'
        and journal_entry_id in (
            select sources.journal_entry_id from {{ ref('int_posting__adjusting_entry_sources') }} as sources
        )
    group by currency_code
)

select
    'posted_entries_equal_vendor_entries' as control_name,
    coalesce(our_entries.currency_code, vendor_entries.currency_code) as scope,
    'Posted entries without a document, debits' as left_label,
    coalesce(our_entries.amount, 0) as left_amount,
    'Posted journal entries of Atlas Accounting with our ids' as right_label,
    coalesce(vendor_entries.amount, 0) as right_amount,
    coalesce(our_entries.currency_code, vendor_entries.currency_code) as currency_code,
    0 as amount_reconciling,
    0 as held_count,
    coalesce(our_entries.pending_count, 0) as pending_count
from our_entries
full outer join vendor_entries
    on our_entries.currency_code = vendor_entries.currency_code

union all

select
    'trial_balance_equals_vendor' as control_name,
    currency_code || '/' || gl_account as scope,
    'Posted journal lines up to the business date, in document currency' as left_label,
    our_balance as left_amount,
    'Trial balance of Atlas Accounting, debit positive' as right_label,
    vendor_balance as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from trial_balance

union all

select
    control_name,
    currency_code || '/' || section || coalesce('/' || period_start_date || '..' || period_end_date, '') as scope,
    'Posted journal lines of the period, in document currency' as left_label,
    our_amount as left_amount,
    case control_name
        when 'profit_and_loss_equals_vendor' then 'Profit and loss statement of Atlas Accounting'
        else 'Balance sheet of Atlas Accounting'
    end as right_label,
    vendor_amount as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from sections
