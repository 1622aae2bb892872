-- Custom fields as an administrator defined them.
-- One row per kind of entity and custom field.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'custom_field_definitions'), ['entity_kind', 'id']) }}
)

select
    entity_kind,
    id as custom_field_id,
    {{ blank_to_null('name') }} as custom_field_name,
    {{ blank_to_null('type') }} as field_type,
    coalesce(is_required, false) as is_required,
    coalesce(is_time_sliced, false) as is_time_sliced,
    options::json as options,
    entity_type_ids::json as entity_type_ids,
    {{ blank_to_null('description') }} as description,
    {{ blank_to_null('default_value') }} as default_value,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
