-- Connections to banks and providers that feed Atlar.
-- One row per connection.
with source as (
    {{ latest_version(source('raw_atlar', 'connections'), ['id']) }}
)

select
    id as connection_id,
    organization_id,
    name as connection_name,
    third_party_id,
    affiliation_id,
    status as connection_status,
    created as created_at,
    updated as updated_at
from source
