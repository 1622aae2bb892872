-- Payment counterparties kept in Atlar.
-- One row per counterparty.
with source as (
    {{ latest_version(source('raw_atlar', 'counterparties'), ['id']) }}
)

select
    id as counterparty_id,
    organization_id,
    nullif(external_id, '') as external_id,
    legal_name,
    nullif(alias, '') as counterparty_alias,
    party_type,
    address::json as address,
    email,
    phone,
    national_identifier::json as national_identifier,
    entity_ids::json as entity_ids,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
