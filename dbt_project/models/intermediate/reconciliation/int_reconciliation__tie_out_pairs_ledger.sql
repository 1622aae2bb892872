-- What stands behind the controls of the ledger that do not tie: of an account in the trial balance our entries beside
-- the vendor's figure, of a section in a report its accounts beside the vendor's. The vendor's reports name no
-- documents.
-- One row per red control and entry, account or report. Exact and unrounded.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

red as (
    select
        control_name,
        scope
    from {{ ref('int_reconciliation__tie_outs_ledger') }}
    where left_amount <> right_amount
),

trial_balance as (
    select
        coalesce(balances.account_number, accounts.account_number, balances.account_id) as gl_account,
        coalesce(balances.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        balances.balance
    from {{ ref('stg_atlas_accounting__trial_balance_accounts') }} as balances
    inner join parameters on balances.as_of_date = parameters.as_of_date
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts on balances.account_id = accounts.account_id
)

select
    'trial_balance_equals_vendor' as control_name,
    lines.currency_code || '/' || lines.gl_account as scope,
    'journal_entry' as record_type,
    lines.journal_entry_id as left_document_id,
    null::varchar as right_document_id,
    null::varchar as document_number,
    sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as left_amount,
    0 as right_amount
from red
inner join {{ ref('int_posting__journal_lines') }} as lines
    on
        red.control_name = 'trial_balance_equals_vendor'
        and red.scope = lines.currency_code || '/' || lines.gl_account
inner join parameters on lines.entry_date <= parameters.as_of_date
where lines.is_posted and lines.amount <> 0
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
where
    currency_code || '/' || gl_account in (
        select red.scope from red
        where red.control_name = 'trial_balance_equals_vendor'
    )
group by currency_code, gl_account

union all

select
    compared.control_name,
    compared.scope,
    'account' as record_type,
    compared.our_gl_account as left_document_id,
    compared.vendor_gl_account as right_document_id,
    null::varchar as document_number,
    compared.our_amount as left_amount,
    compared.vendor_amount as right_amount
from {{ ref('int_reconciliation__report_accounts') }} as compared
inner join red
    on
        compared.control_name = red.control_name
        and compared.scope = red.scope
