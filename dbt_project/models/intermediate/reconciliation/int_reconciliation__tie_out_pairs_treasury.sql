-- What stands behind the controls of the bank: the lines booked between two balances beside the change of the balance,
-- the entries of a statement beside its closing less its opening balance.
-- One row per control and bank line, balance, entry or statement. Exact and unrounded.
select
    'bank_balances_follow_transactions' as control_name,
    balances.account_id || '/' || balances.balance_date as scope,
    'bank_transaction' as record_type,
    transactions.transaction_id as left_document_id,
    null::varchar as right_document_id,
    transactions.reference as document_number,
    transactions.amount as left_amount,
    0 as right_amount
from {{ ref('int_reconciliation__bank_balances') }} as balances
inner join {{ ref('stg_atlar__transactions') }} as transactions
    on
        balances.account_id = transactions.account_id
        and balances.previous_balance_date < transactions.booking_date
        and balances.balance_date >= transactions.booking_date
where balances.is_complete and balances.difference <> 0

union all

select
    'bank_balances_follow_transactions' as control_name,
    account_id || '/' || balance_date as scope,
    'balance' as record_type,
    null::varchar as left_document_id,
    'balance of ' || balance_date || ' less the one of ' || previous_balance_date as right_document_id,
    null::varchar as document_number,
    0 as left_amount,
    balance - balance_previous as right_amount
from {{ ref('int_reconciliation__bank_balances') }}
where is_complete and difference <> 0

union all

select
    'bank_statements_close' as control_name,
    statements.account_id || '/' || statements.bank_statement_id as scope,
    'statement_entry' as record_type,
    statements.bank_statement_id || '/' || entries.entry_number as left_document_id,
    null::varchar as right_document_id,
    null::varchar as document_number,
    entries.amount as left_amount,
    0 as right_amount
from {{ ref('int_reconciliation__bank_statements') }} as statements
inner join {{ ref('stg_atlar__bank_statement_entries') }} as entries
    on
        statements.connection_id = entries.connection_id
        and statements.bank_statement_id = entries.bank_statement_id
where statements.difference <> 0

union all

select
    'bank_statements_close' as control_name,
    account_id || '/' || bank_statement_id as scope,
    'statement' as record_type,
    null::varchar as left_document_id,
    'closing less opening balance of statement ' || bank_statement_id as right_document_id,
    null::varchar as document_number,
    0 as left_amount,
    amount_closing - amount_opening as right_amount
from {{ ref('int_reconciliation__bank_statements') }}
where difference <> 0
