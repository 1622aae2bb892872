{# The parties that orders with a document of a type (`invoice`, `bill`) need and the books lack, as rows of a sync. #}
{% macro missing_parties(document_type) %}
    {%- set side = document_side(document_type) %}
with needed as (
    select
        orders.counterparty_id_atlas_etrm,
        min(orders.order_id) as order_id,
        min(orders.currency_code) as currency_code,
        min_by(orders.due_date - orders.registration_date, orders.order_id) as days_to_pay
    from {{ ref('fct_orders') }} as orders
    where
        orders.became = 'to_be_invoiced'
        and orders.erp_code is null
        and orders.has_{{ side.direction }}
    group by orders.counterparty_id_atlas_etrm
),

other_codes as (
    select distinct external_id
    from {{ ref(side.other_parties) }}
    where external_id is not null
),

-- A code that ATLAS ETRM gives already is kept, unless a party of the other side goes by it.
codes as (
    select
        parties.counterparty_id_atlas_etrm,
        case
            when others.external_id is null and parties.external_id_atlas_etrm is not null
                then parties.external_id_atlas_etrm
            else 'AE-' || parties.counterparty_id_atlas_etrm
        end as external_id
    from {{ ref('dim_counterparties') }} as parties
    left join other_codes as others
        on parties.external_id_atlas_etrm = others.external_id
    where parties.counterparty_id_atlas_etrm is not null
)

select
    'counterparty:' || needed.counterparty_id_atlas_etrm as sync_key,
    'create' as operation,
    '{{ side.party }} ' || parties.legal_name as record_label,
    needed.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    needed.currency_code,
    -- Merging into an empty object leaves out what ATLAS ETRM does not know.
    json_merge_patch(
        '{}'::json,
        json_object(
            'display_name', parties.legal_name,
            'external_id', codes.external_id,
            'tax_id', parties.vat_number,
            'currency', needed.currency_code,
            'payment_terms',
            case
                when needed.days_to_pay is null then 'net_30'
                when needed.days_to_pay <= 0 then 'due_on_receipt'
                when needed.days_to_pay <= 15 then 'net_15'
                when needed.days_to_pay <= 30 then 'net_30'
                else 'net_60'
            end
        )
    )::varchar as payload,
    null::varchar as current_values
from needed
inner join {{ ref('dim_counterparties') }} as parties
    on needed.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
inner join codes
    on needed.counterparty_id_atlas_etrm = codes.counterparty_id_atlas_etrm
where
    parties.{{ side.party }}_id_atlas_accounting is null
    and not parties.is_{{ side.party }}_ambiguous
{%- endmacro %}
