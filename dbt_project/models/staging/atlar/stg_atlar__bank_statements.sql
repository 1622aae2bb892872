-- Bank statements, with the figures parsed from their file.
-- One row per connection and statement.
with source as (
    {{ latest_version(source('raw_atlar', 'bank_statements'), ['connection_id', 'id']) }}
)

select
    connection_id,
    id as bank_statement_id,
    report_id,
    account_id,
    type as statement_type,
    local_date as statement_date,
    content_sha256,
    statement_number,
    account_identifier as account_identifier_masked,
    currency as currency_code,
    opening_balance as amount_opening,
    opening_date,
    closing_balance as amount_closing,
    closing_date,
    entry_count,
    pending_entry_count,
    coalesce(repeated_entry_count, 0) as repeated_entry_count,
    entries_amount as amount_entries,
    closes as does_close,
    message_type,
    statement_identifier,
    period_from,
    period_to,
    created as created_at
from source
