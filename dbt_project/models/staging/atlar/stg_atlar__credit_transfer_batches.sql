-- Batches of credit transfers in Atlar.
-- One row per batch.
with source as (
    {{ latest_version(source('raw_atlar', 'credit_transfer_batches'), ['id']) }}
)

select
    id as credit_transfer_batch_id,
    organization_id,
    nullif(external_id, '') as external_id,
    treatment,
    status as batch_status,
    errors::json as errors,
    input_content::json as input_content,
    result_summary::json as result_summary,
    approval_steps::json as approval_steps,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
