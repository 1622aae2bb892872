-- The code of the accounting party as `externalId` of its ATLAS counterparty, where that is empty; never over a value.
-- One row per counterparty to change.
with authority as (
    select count(*) > 0 as is_ours
    from {{ ref('field_authority') }}
    where entity = 'counterparty' and field = 'externalId' and authority = 'atlas_accounting'
)

select
    'counterparty:' || parties.counterparty_id_atlas_etrm as sync_key,
    'update' as operation,
    'counterparty ' || parties.legal_name as record_label,
    null::bigint as order_id,
    parties.counterparty_id_atlas_etrm::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    null::varchar as currency_code,
    json_object('externalId', parties.erp_code)::varchar as payload,
    json_object('externalId', parties.external_id_atlas_etrm)::varchar as current_values
from {{ ref('dim_counterparties') }} as parties
cross join authority
where
    authority.is_ours
    and parties.counterparty_id_atlas_etrm is not null
    and parties.erp_code is not null
    and parties.external_id_atlas_etrm is null
    and not parties.is_customer_ambiguous
    and not parties.is_vendor_ambiguous
