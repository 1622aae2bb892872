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
    bank_transaction_code,
    gvc,
    text_key_extension,
    statement_line,
    detail_number,
    entry_key,
    entry_reference,
    detail_reference,
    transaction_id as payment_transaction_id,
    instruction_id,
    payment_information_id,
    mandate_id,
    creditor_reference,
    batch_message_id,
    batch_count,
    batch_note,
    counterparty_account,
    counterparty_bank,
    ultimate_counterparty_name,
    purpose_code,
    additional_information,
    coalesce(is_return, false) as is_return,
    return_reason_code,
    return_reason,
    original_amount as amount_original,
    original_currency as original_currency_code,
    exchange_rate,
    charges::json as charges,
    charges_amount as amount_charges
from source
