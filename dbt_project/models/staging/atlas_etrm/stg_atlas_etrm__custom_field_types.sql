-- What `CustomFields/GetTypes` lists: look-up rows, opaque by contract (atlas-etrm, section 4.2).
-- One row per type.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'custom_field_types'), ['id']) }}
)

select
    id as custom_field_type_id,
    {{ blank_to_null('name') }} as custom_field_type_name,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
