-- Trading parties with the accounting defaults that settlement lines fall back to.
-- One row per counterparty.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'counterparties'), ['id']) }}
)

select
    id as counterparty_id,
    {{ blank_to_null('external_id') }} as external_id,
    {{ blank_to_null('legal_name') }} as legal_name,
    {{ fold_name('legal_name') }} as legal_name_folded,
    {{ blank_to_null('commercial_name') }} as commercial_name,
    {{ blank_to_null('vat') }} as vat_number,
    {{ normalise_vat_number('vat') }} as vat_number_normalised,
    {{ blank_to_null('gl_account') }} as gl_account,
    {{ compact_code('iban') }} as iban,
    {{ compact_code('swift_bic') }} as swift_bic,
    -- What a write back is planned from: the very text that ATLAS ETRM shows.
    json_object(
        'externalId', external_id,
        'legalName', legal_name,
        'vat', vat,
        'glAccount', gl_account,
        'iban', iban,
        'swiftBic', swift_bic
    ) as as_entered,
    coalesce(is_self_billing, false) as is_self_billing,
    counterparty_type_id,
    coalesce(is_active, true) as is_active,
    {{ blank_to_null('address') }} as address,
    {{ blank_to_null('city') }} as city,
    {{ blank_to_null('postal_code') }} as postal_code,
    {{ blank_to_null('country') }} as country,
    {{ blank_to_null('tax_office') }} as tax_office,
    {{ blank_to_null('credit_rating') }} as credit_rating,
    custom_field_values::json as custom_field_values,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
