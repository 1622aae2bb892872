-- Ledger accounts Atlar knows of.
-- One row per ledger account.
with source as (
    {{ latest_version(source('raw_atlar', 'gl_accounts'), ['id']) }}
)

select
    id as gl_account_id,
    organization_id,
    external_id,
    name as gl_account_name,
    number as gl_account,
    display_type,
    type as gl_account_type,
    currency as currency_code,
    nullif(account_id, '') as account_id,
    gl_entity_ids::json as gl_entity_ids,
    associated_connections::json as associated_connections,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
