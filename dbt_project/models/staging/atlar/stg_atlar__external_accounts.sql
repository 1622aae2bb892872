-- Bank accounts of counterparties kept in Atlar.
-- One row per external account.
with source as (
    {{ latest_version(source('raw_atlar', 'external_accounts'), ['id']) }}
)

select
    id as external_account_id,
    organization_id,
    counterparty_id,
    nullif(external_id, '') as external_id,
    nullif(alias, '') as account_alias,
    market,
    json_extract_string(list_filter(identifiers::json[], lambda i: i ->> 'type' = 'IBAN')[1], 'number') as iban,
    identifiers::json as identifiers,
    routing::json as routing,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
