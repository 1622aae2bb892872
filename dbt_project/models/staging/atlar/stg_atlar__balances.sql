-- Balances the banks reported.
-- One row per account, type, day and instant.
with source as (
    {{ latest_version(source('raw_atlar', 'balances'), ['account_id', 'type', 'local_date', 'timestamp']) }}
)

select
    account_id,
    type as balance_type,
    local_date as balance_date,
    timestamp as balance_at,
    id as balance_id,
    organization_id,
    reported_type,
    {{ json_decimal('amount', 'stringValue') }} as amount,
    {{ json_text('amount', 'currency') }} as currency_code,
    version
from source
