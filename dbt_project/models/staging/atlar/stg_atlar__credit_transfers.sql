-- Credit transfers in Atlar.
-- One row per credit transfer.
with source as (
    {{ latest_version(source('raw_atlar', 'credit_transfers'), ['id']) }}
)

select
    id as credit_transfer_id,
    organization_id,
    nullif(external_id, '') as external_id,
    {{ json_decimal('amount', 'stringValue') }} as amount,
    {{ json_text('amount', 'currency') }} as currency_code,
    scheme,
    date as execution_date,
    {{ json_text('source', 'id') }} as source_account_id,
    source::json as source,
    destination::json as destination,
    reference,
    status as credit_transfer_status,
    {{ json_text('batch', 'id') }} as credit_transfer_batch_id,
    approval_steps::json as approval_steps,
    attached_transactions::json as attached_transactions,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
