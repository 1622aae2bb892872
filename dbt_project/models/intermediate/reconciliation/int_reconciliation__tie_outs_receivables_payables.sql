-- Controls of receivables and payables: their ages, the vendor's own open amounts, and the control accounts of its
-- trial balance. Manual entries on a control account belong to no party: they are named as reconciling.
-- One row per control, currency and, where both sides are told apart, side.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

aging as (
    select
        side,
        currency_code,
        sum(not_due + days_1_30 + days_31_60 + days_61_90 + days_91_120 + days_over_120) as amount_by_age,
        sum(balance) as balance
    from {{ ref('int_reconciliation__aging') }}
    group by side, currency_code
),

items as (
    select
        side,
        currency_code,
        sum(amount_open) as amount_open
    from {{ ref('int_reconciliation__open_items') }}
    where not coalesce(is_credit_note, false)
    group by side, currency_code
),

settled as (
    select
        side,
        document_id,
        sum(amount_settled) as amount_settled
    from {{ ref('int_reconciliation__settlements') }}
    group by side, document_id
),

present as (
    select
        documents.side,
        documents.currency_code,
        sum(documents.amount_total - coalesce(settled.amount_settled, 0)) as amount_open,
        sum(documents.amount_due) as amount_due
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    left join settled on documents.side = settled.side and documents.document_id = settled.document_id
    group by documents.side, documents.currency_code
),

-- Both in the direction of the side: what we are owed, what we owe.
vendor_balances as (
    select
        accounts.side,
        accounts.currency_code,
        sum(case accounts.side when 'receivable' then balances.balance else -balances.balance end) as balance
    from {{ ref('stg_atlas_accounting__trial_balance_accounts') }} as balances
    inner join parameters on balances.as_of_date = parameters.as_of_date
    inner join {{ ref('int_reconciliation__control_accounts') }} as accounts
        on balances.account_id = accounts.account_id
    group by accounts.side, accounts.currency_code
),

manual_entries as (
    select
        accounts.side,
        accounts.currency_code,
        sum(
            case
                when (lines.entry_side = 'debit') = (accounts.side = 'receivable') then lines.amount
                else -lines.amount
            end
        ) as amount
    from {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
    inner join {{ ref('stg_atlas_accounting__journal_entries') }} as entries
        on
            lines.journal_entry_id_atlas_accounting = entries.journal_entry_id_atlas_accounting
            and entries.is_posted
    inner join parameters on entries.entry_date <= parameters.as_of_date
    inner join {{ ref('int_reconciliation__control_accounts') }} as accounts on lines.account_id = accounts.account_id
    left join {{ ref('int_posting__order_entries_in_books') }} as of_orders
        on lines.journal_entry_id_atlas_accounting = of_orders.journal_entry_id_atlas_accounting
    -- What was posted instead of a document is an open item like one.
    where of_orders.journal_entry_id_atlas_accounting is null
    group by accounts.side, accounts.currency_code
),

subledgers as (
    select
        coalesce(aging.side, manual_entries.side) as side,
        coalesce(aging.currency_code, manual_entries.currency_code) as currency_code,
        coalesce(aging.balance, 0) as balance,
        coalesce(manual_entries.amount, 0) as amount_manual
    from aging
    full outer join manual_entries
        on aging.side = manual_entries.side and aging.currency_code = manual_entries.currency_code
)

select
    'aging_equals_open_items' as control_name,
    coalesce(aging.currency_code, items.currency_code) || '/' || coalesce(aging.side, items.side) as scope,
    'Not due and overdue by age' as left_label,
    coalesce(aging.amount_by_age, 0) as left_amount,
    'Open items' as right_label,
    coalesce(items.amount_open, 0) as right_amount,
    coalesce(aging.currency_code, items.currency_code) as currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from aging
full outer join items on aging.side = items.side and aging.currency_code = items.currency_code

union all

select
    'open_items_equal_amount_due' as control_name,
    currency_code || '/' || side as scope,
    'Documents less all that was applied to them' as left_label,
    amount_open as left_amount,
    'Amounts due by Atlas Accounting' as right_label,
    amount_due as right_amount,
    currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from present

union all

select
    coalesce(subledgers.side, vendor_balances.side) || 's_equal_control_accounts' as control_name,
    coalesce(subledgers.currency_code, vendor_balances.currency_code) as scope,
    'Balance of open items less credits, and manual entries on the control accounts' as left_label,
    coalesce(subledgers.balance, 0) + coalesce(subledgers.amount_manual, 0) as left_amount,
    'Control accounts in the trial balance of Atlas Accounting' as right_label,
    coalesce(vendor_balances.balance, 0) as right_amount,
    coalesce(subledgers.currency_code, vendor_balances.currency_code) as currency_code,
    coalesce(subledgers.amount_manual, 0) as amount_reconciling,
    0 as held_count,
    0 as pending_count
from subledgers
full outer join vendor_balances
    on subledgers.side = vendor_balances.side and subledgers.currency_code = vendor_balances.currency_code
-- Without a trial balance of the business date there is nothing to compare with; that is a finding of its own.
where exists (
    select 1
    from {{ ref('stg_atlas_accounting__trial_balance') }} as reports
    inner join parameters on reports.as_of_date = parameters.as_of_date
)
