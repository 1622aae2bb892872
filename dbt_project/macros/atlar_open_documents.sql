{# Open invoices or bills (`receivable`, `payable`) as Atlar keeps them, with what moved in those it has, as rows of a
   sync. Only where `ap_ar_mode` says that these endpoints carry the cash forecast. #}
{% macro atlar_open_documents(side) %}
    {%- set prefix, document = ('AP', 'Vendor bill') if side == 'payable' else ('AR', 'Customer invoice') %}
with documents as (
    select
        *,
        '{{ prefix }}.' || document_id as external_id,
        case
            when is_voided then 'VOIDED'
            when amount_due = 0 then 'PAID'
            when amount_due <> amount_total then 'PARTIALLY_PAID'
            else 'OPEN'
        end as wanted_status
    from {{ ref('int_write_back__forecast_documents') }}
    where side = '{{ side }}'
),

parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
    where ap_ar_mode = 'ap_ar_endpoints'
)

select
    documents.external_id as sync_key,
    'create' as operation,
    '{{ side }} ' || coalesce(documents.document_number, documents.document_id) as record_label,
    documents.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    documents.amount_due::decimal(20, 4) as amount,
    documents.currency_code,
    json_object(
        'externalId', documents.external_id,
        'entityId', entity.entity_id,
        'amount', {{ atlar_amount('documents.amount_total', 'documents.currency_code') }},
        'remainingAmount', {{ atlar_amount('documents.amount_due', 'documents.currency_code') }},
        'dueDate', documents.due_date::varchar,
        'issueDate', documents.issue_date::varchar,
        'description', '{{ document }} ' || coalesce(documents.document_number, documents.document_id),
        'reference', coalesce(documents.document_number, documents.document_id),
        'counterparty', json_object(
            'name', coalesce(documents.party_name, documents.party_code),
            'erpId', documents.party_code
        ),
        'status', documents.wanted_status
    )::varchar as payload,
    null::varchar as current_values
from documents
cross join parameters
inner join {{ ref('int_write_back__company_entity') }} as entity
    on entity.entity_id is not null
left join {{ ref('stg_atlar__accounts_' ~ side ~ 's') }} as there
    on documents.external_id = there.external_id
where
    there.{{ side }}_id is null
    and documents.wanted_status in ('OPEN', 'PARTIALLY_PAID')
    and documents.amount_due > 0

union all

select
    documents.external_id as sync_key,
    'update' as operation,
    '{{ side }} ' || coalesce(documents.document_number, documents.document_id) as record_label,
    documents.order_id,
    there.{{ side }}_id as destination_id,
    there.etag as expected_version,
    documents.amount_due::decimal(20, 4) as amount,
    there.currency_code,
    json_object(
        'remainingAmount', {{ atlar_amount('documents.amount_due', 'there.currency_code') }},
        'status', documents.wanted_status,
        'dueDate', documents.due_date::varchar
    )::varchar as payload,
    json_object(
        'remainingAmount', {{ atlar_amount('coalesce(there.remaining_amount, there.amount)', 'there.currency_code') }},
        'status', there.{{ side }}_status,
        'dueDate', there.due_date::varchar
    )::varchar as current_values
from documents
cross join parameters
inner join {{ ref('stg_atlar__accounts_' ~ side ~ 's') }} as there
    on documents.external_id = there.external_id
where
    coalesce(there.remaining_amount, there.amount) is distinct from documents.amount_due
    or there.{{ side }}_status is distinct from documents.wanted_status
    or there.due_date is distinct from documents.due_date
{%- endmacro %}
