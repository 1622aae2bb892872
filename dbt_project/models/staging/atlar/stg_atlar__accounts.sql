-- The company's own bank and provider accounts in Atlar.
-- One row per account.
with source as (
    {{ latest_version(source('raw_atlar', 'accounts'), ['id']) }}
)

select
    id as account_id,
    organization_id,
    entity_id,
    third_party_id,
    affiliation_id,
    nullif(external_id, '') as external_id,
    name as account_name,
    nullif(alias, '') as account_alias,
    currency as currency_code,
    market,
    json_extract_string(list_filter(identifiers::json[], lambda i: i ->> 'type' = 'IBAN')[1], 'number') as iban,
    json_extract_string(list_filter(routing::json[], lambda r: r ->> 'type' = 'BIC')[1], 'number') as bic,
    identifiers::json as identifiers,
    routing::json as routing,
    status as account_status,
    type as account_type,
    coalesce(fictive, false) as is_fictive,
    payment_options::json as payment_options,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
