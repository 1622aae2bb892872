-- Custom fields of counterparties, unnested; the name comes from the definition, since entries are keyed by id.
-- One row per counterparty, custom field and first day of validity.
with field_values as (
    select
        counterparties.counterparty_id,
        try_cast({{ json_text('item.element', 'customFieldId') }} as bigint) as custom_field_id,
        {{ blank_to_null(json_text('item.element', 'customFieldName')) }} as custom_field_name_inline,
        {{ blank_to_null(json_text('item.element', 'value')) }} as field_value,
        try_cast(left({{ json_text('item.element', 'validFrom') }}, 10) as date) as valid_from_date,
        try_cast(left({{ json_text('item.element', 'validTo') }}, 10) as date) as valid_to_date
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    cross join {{ json_elements('counterparties.custom_field_values') }}
)

select
    field_values.counterparty_id,
    field_values.custom_field_id,
    coalesce(definitions.custom_field_name, field_values.custom_field_name_inline) as custom_field_name,
    definitions.field_type,
    field_values.field_value,
    field_values.valid_from_date,
    field_values.valid_to_date
from field_values
left join {{ ref('stg_atlas_etrm__custom_field_definitions') }} as definitions
    on
        field_values.custom_field_id = definitions.custom_field_id
        and definitions.entity_kind = 'counterparty'
