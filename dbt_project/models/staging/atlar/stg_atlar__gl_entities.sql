-- Ledger entities Atlar knows of: the ERP's legal entities.
-- One row per ledger entity.
with source as (
    {{ latest_version(source('raw_atlar', 'gl_entities'), ['id']) }}
)

select
    id as gl_entity_id,
    organization_id,
    external_id,
    name as gl_entity_name,
    currency as currency_code,
    third_party_id,
    associated_connections::json as associated_connections,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
