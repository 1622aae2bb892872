-- Records whose latest version holds an amount beyond anything money is kept in: that version is not staged, the one
-- before it goes on counting.
-- One row per type and record.
{{ amounts_out_of_range('raw_atlar', {
    'transactions': ['transaction', 'id'],
    'pending_transactions': ['pending_transaction', 'id'],
    'balances': ['balance', "account_id || '/' || type || '/' || local_date || '/' || \"timestamp\""],
    'bank_statements': ['bank_statement', "connection_id || '/' || id"],
    'bank_statement_entries': [
        'bank_statement_entry', "connection_id || '/' || bank_statement_id || '/' || entry_number"
    ],
    'documents': ['document', 'id'],
    'accounts_payables': ['accounts_payable', 'id'],
    'accounts_receivables': ['accounts_receivable', 'id'],
    'forecasted_transactions': ['forecasted_transaction', 'id'],
    'credit_transfers': ['credit_transfer', 'id'],
}) }}
