-- Booked bank lines with the account they are on and the other side as the bank names it.
-- One row per bank transaction.
select
    transactions.transaction_id as bank_transaction_id,
    transactions.account_id,
    accounts.account_name,
    accounts.entity_id,
    transactions.booking_date,
    transactions.value_date,
    {{ money('transactions.amount', 'transactions.currency_code') }} as amount,
    transactions.currency_code,
    case when transactions.amount < 0 then 'out' else 'in' end as direction,
    {{ money('transactions.amount_instructed', 'transactions.currency_code_instructed') }} as amount_instructed,
    transactions.currency_code_instructed,
    transactions.exchange_rate,
    transactions.reference,
    transactions.end_to_end_id,
    transactions.description,
    transactions.counterparty_name,
    transactions.counterparty_account,
    {{ json_text('transactions.bank_transaction_code', 'domain') }} as bank_domain,
    {{ json_text('transactions.bank_transaction_code', 'family') }} as bank_family,
    {{ json_text('transactions.bank_transaction_code', 'subfamily') }} as bank_subfamily,
    transactions.reconciliation_status,
    transactions.is_returned,
    transactions.return_reason_code,
    returned.return_status,
    returned.journal_entry_id as returned_journal_entry_id
from {{ ref('stg_atlar__transactions') }} as transactions
left join {{ ref('stg_atlar__accounts') }} as accounts on transactions.account_id = accounts.account_id
left join {{ ref('int_reconciliation__returned_lines') }} as returned
    on transactions.transaction_id = returned.transaction_id
