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

our_balances as (
    select
        lines.gl_account,
        lines.currency_code,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as balance
    from {{ ref('int_posting__journal_lines') }} as lines
    inner join parameters on lines.entry_date <= parameters.as_of_date
    where lines.is_posted and lines.amount <> 0
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
    scope,
    'Posted journal lines of the period, in document currency' as left_label,
    sum(our_amount) as left_amount,
    case control_name
        when 'profit_and_loss_equals_vendor' then 'Profit and loss statement of Atlas Accounting'
        else 'Balance sheet of Atlas Accounting'
    end as right_label,
    sum(vendor_amount) as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from {{ ref('int_reconciliation__report_accounts') }}
group by control_name, scope, currency_code
