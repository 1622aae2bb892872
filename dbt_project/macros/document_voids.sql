{# The documents of a type (`invoice`, `bill`) that a correction takes back, as rows of a sync. #}
{% macro document_voids(document_type) %}
select
    'order:' || corrections.order_id || ':' || corrections.document_id as sync_key,
    'void' as operation,
    '{{ document_type }} ' || coalesce(corrections.document_number, corrections.document_id)
    || ' of order ' || corrections.order_id as record_label,
    corrections.order_id,
    corrections.document_id as destination_id,
    null::varchar as expected_version,
    corrections.amount_of_document::decimal(20, 4) as amount,
    corrections.currency_of_document as currency_code,
    json_object(
        'reason',
        {{ order_entry_id('corrections.order_id', 'corrections.document_revision') }}
        || case corrections.cause
            when 'refused' then ' was taken back in ATLAS ETRM'
            else ' was changed in ATLAS ETRM; revision ' || corrections.next_revision || ' follows'
        end
    )::varchar as payload,
    json_object('reason', null)::varchar as current_values
from {{ ref('int_posting__corrections') }} as corrections
inner join {{ ref('fct_orders') }} as orders
    on corrections.order_id = orders.order_id
where
    corrections.document_type = '{{ document_type }}'
    and corrections.blocked_by is null
    and not corrections.is_entry
    -- A refusal is shown as one, until the vendor allows it or a person voids the document.
    and (not orders.is_held or orders.hold_codes = 'correction_refused')
{%- endmacro %}
