-- Entries of bank statements, parsed from their file.
-- One row per connection, statement and entry.
with source as (
    {{ latest_version(
        source('raw_atlar', 'bank_statement_entries'), ['connection_id', 'bank_statement_id', 'entry_number']
    ) }}
)

select
    connection_id,
    bank_statement_id,
    entry_number,
    account_id,
    booking_date,
    value_date,
    amount,
    currency as currency_code,
    coalesce(is_reversal, false) as is_reversal,
    bank_reference,
    end_to_end_id,
    remittance,
    counterparty_name,
    bank_transaction_code
from source
