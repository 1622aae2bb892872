-- The chart of accounts as GL accounts of Atlar: bank accounts as BANK, control accounts as receivable and payable.
-- One row per account that Atlar lacks, once the company's GL entity is there.
select
    'account:' || accounts.account_id as sync_key,
    'create' as operation,
    'GL account ' || coalesce(accounts.account_number || ' ', '') || accounts.account_name as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    accounts.currency_code,
    json_merge_patch(
        '{}'::json,
        json_object(
            'externalId', accounts.account_id,
            'name', left(accounts.account_name, 64),
            'number', accounts.account_number,
            'displayType', coalesce(accounts.account_type, 'account'),
            'type', account_types.gl_account_type,
            'currency', accounts.currency_code,
            'glEntityIds', json_array(gl_entities.gl_entity_id),
            'associatedConnections', '[]'::json
        )
    )::varchar as payload,
    null::varchar as current_values
from {{ ref('stg_atlas_accounting__accounts') }} as accounts
cross join {{ ref('stg_atlas_accounting__companies') }} as companies
inner join {{ ref('stg_atlar__gl_entities') }} as gl_entities
    on companies.company_id = gl_entities.external_id
inner join {{ ref('int_write_back__gl_account_types') }} as account_types
    on accounts.account_id = account_types.account_id
left join {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
    on accounts.account_id = gl_accounts.external_id
where
    gl_accounts.gl_account_id is null
    and accounts.account_name is not null
