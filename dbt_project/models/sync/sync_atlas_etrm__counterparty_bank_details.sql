-- IBAN and BIC of ATLAS counterparties where the books are master and say otherwise: never without an approval.
-- One row per counterparty to correct. Which fields: the seed `field_authority`.
select
    'counterparty:' || fields.counterparty_id as sync_key,
    'update' as operation,
    'bank details of counterparty ' || fields.legal_name as record_label,
    null::bigint as order_id,
    fields.counterparty_id::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    null::varchar as currency_code,
    to_json(map_from_entries(list((fields.field, fields.field_value) order by fields.field)))::varchar as payload,
    to_json(map_from_entries(list((fields.field, fields.present_value) order by fields.field)))::varchar
        as current_values
from {{ ref('int_write_back__counterparty_fields') }} as fields
where
    fields.is_due
    and fields.field in ('iban', 'swiftBic')
group by fields.counterparty_id, fields.legal_name
