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
    created as created_at
from source
