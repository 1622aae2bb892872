-- The accounting company as a GL entity of Atlar, with its base currency.
-- One row per company that Atlar lacks.
select
    'company:' || companies.company_id as sync_key,
    'create' as operation,
    'GL entity ' || coalesce(companies.company_name, companies.company_id) as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    parameters.base_currency_code as currency_code,
    json_object(
        'externalId', companies.company_id,
        'name', left(coalesce(companies.company_name, companies.company_id), 64),
        'currency', parameters.base_currency_code,
        'associatedConnections', '[]'::json
    )::varchar as payload,
    null::varchar as current_values
from {{ ref('stg_atlas_accounting__companies') }} as companies
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join {{ ref('stg_atlar__gl_entities') }} as gl_entities
    on companies.company_id = gl_entities.external_id
where gl_entities.gl_entity_id is null
