-- Payables sent to Atlar for its cash forecast.
-- One row per payable.
with source as (
    {{ latest_version(source('raw_atlar', 'accounts_payables'), ['id']) }}
)

select
    id as payable_id,
    organization_id,
    external_id,
    nullif(entity_id, '') as entity_id,
    nullif(account_id, '') as account_id,
    {{ json_decimal('amount', 'stringValue') }} as amount,
    {{ json_text('amount', 'currency') }} as currency_code,
    {{ json_decimal('remaining_amount', 'stringValue') }} as remaining_amount,
    due_date,
    issue_date,
    description,
    reference,
    {{ json_text('counterparty', 'name') }} as counterparty_name,
    {{ json_text('counterparty', 'erpId') }} as counterparty_erp_id,
    counterparty::json as counterparty,
    status as payable_status,
    nullif(forecasted_transaction_id, '') as forecasted_transaction_id,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
