-- Cash movements Atlar expects.
-- One row per forecasted transaction.
with source as (
    {{ latest_version(source('raw_atlar', 'forecasted_transactions'), ['id']) }}
)

select
    id as forecasted_transaction_id,
    organization_id,
    nullif(external_id, '') as external_id,
    {{ json_text('parent', 'type') }} as parent_type,
    {{ json_text('parent', 'id') }} as parent_id,
    {{ json_decimal('amount', 'stringValue') }} as amount,
    {{ json_text('amount', 'currency') }} as currency_code,
    date as forecast_date,
    description,
    {{ json_text('origin', 'type') }} as origin_type,
    {{ json_text('origin', 'id') }} as origin_id,
    counterparty::json as counterparty,
    nullif(correction_type, '') as correction_type,
    nullif(scenario_id, '') as scenario_id,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
