-- Legal entities of the organisation in Atlar.
-- One row per entity.
with source as (
    {{ latest_version(source('raw_atlar', 'entities'), ['id']) }}
)

select
    id as entity_id,
    organization_id,
    legal_name,
    nullif(parent_id, '') as parent_entity_id,
    address::json as address,
    national_identifier::json as national_identifier,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
