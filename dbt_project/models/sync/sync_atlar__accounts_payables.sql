-- Open bills as payables of Atlar, which derives the cash forecast from them; and what moved in those it has.
-- One row per document to create or to update. Only where `ap_ar_mode` says that these endpoints carry the forecast.
with documents as (
    select
        'AP.' || document_id as external_id,
        document_number,
        document_id,
        party_code,
        party_name,
        order_id,
        issue_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        case
            when amount_due = 0 then 'PAID'
            when amount_due <> amount_total then 'PARTIALLY_PAID'
            else 'OPEN'
        end as wanted_status
    from {{ ref('int_reconciliation__issued_documents') }}
    where side = 'payable'

    union all

    -- Voided documents, for those that Atlar has.
    select
        'AP.' || bill_id as external_id,
        bill_number as document_number,
        bill_id as document_id,
        null::varchar as party_code,
        null::varchar as party_name,
        order_id,
        bill_date as issue_date,
        due_date,
        currency_code,
        amount_total,
        0 as amount_due,
        'VOIDED' as wanted_status
    from {{ ref('stg_atlas_accounting__bills') }}
    where is_voided
),

parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
    where ap_ar_mode = 'ap_ar_endpoints'
)

select
    documents.external_id as sync_key,
    'create' as operation,
    'payable ' || coalesce(documents.document_number, documents.document_id) as record_label,
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
        'description', 'Vendor bill ' || coalesce(documents.document_number, documents.document_id),
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
left join {{ ref('stg_atlar__accounts_payables') }} as there
    on documents.external_id = there.external_id
where
    there.payable_id is null
    and documents.wanted_status in ('OPEN', 'PARTIALLY_PAID')
    and documents.amount_due > 0

union all

select
    documents.external_id as sync_key,
    'update' as operation,
    'payable ' || coalesce(documents.document_number, documents.document_id) as record_label,
    documents.order_id,
    there.payable_id as destination_id,
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
        'status', there.payable_status,
        'dueDate', there.due_date::varchar
    )::varchar as current_values
from documents
cross join parameters
inner join {{ ref('stg_atlar__accounts_payables') }} as there
    on documents.external_id = there.external_id
where
    coalesce(there.remaining_amount, there.amount) is distinct from documents.amount_due
    or there.payable_status is distinct from documents.wanted_status
    or there.due_date is distinct from documents.due_date
