-- Open invoices and bills as forecasted transactions of Atlar: receivables in, payables out, on the due date. Only
-- where `ap_ar_mode` says that these carry the cash forecast.
-- One row per document to forecast, or whose forecast moved. What is settled or voided is forecast with 0.00 and not
-- deleted: a forecast that is gone could not be told from one that somebody took away.
with documents as (
    select
        *,
        case side when 'receivable' then 'ar.' else 'ap.' end || document_id as external_id,
        case side when 'receivable' then 'AR ' else 'AP ' end as label,
        case side when 'receivable' then amount_due else -amount_due end as wanted_amount
    from {{ ref('int_write_back__forecast_documents') }}
),

parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
    where ap_ar_mode = 'forecasted_transactions'
)

select
    documents.external_id as sync_key,
    'create' as operation,
    'forecast of ' || coalesce(documents.document_number, documents.document_id) as record_label,
    documents.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    documents.wanted_amount::decimal(20, 4) as amount,
    documents.currency_code,
    json_object(
        'externalId', documents.external_id,
        'parent', json_object('type', 'ENTITY', 'id', entity.entity_id),
        'amount', {{ atlar_amount('documents.wanted_amount', 'documents.currency_code') }},
        'date', documents.due_date::varchar,
        'description',
        left(
            documents.label || coalesce(documents.document_number, documents.document_id)
            || coalesce(' ' || documents.party_name, ''),
            255
        ),
        'metadata', json_object(
            'atlar.category', case documents.side when 'receivable' then 'Customers' else 'Suppliers' end
        )
    )::varchar as payload,
    null::varchar as current_values
from documents
cross join parameters
inner join {{ ref('int_write_back__company_entity') }} as entity
    on entity.entity_id is not null
left join {{ ref('stg_atlar__forecasted_transactions') }} as there
    on documents.external_id = there.external_id
where
    there.forecasted_transaction_id is null
    and documents.wanted_amount <> 0

union all

select
    documents.external_id as sync_key,
    'update' as operation,
    'forecast of ' || coalesce(documents.document_number, documents.document_id) as record_label,
    documents.order_id,
    there.forecasted_transaction_id as destination_id,
    there.etag as expected_version,
    documents.wanted_amount::decimal(20, 4) as amount,
    there.currency_code,
    json_object(
        'amount', {{ atlar_amount('documents.wanted_amount', 'there.currency_code') }},
        'date', documents.due_date::varchar
    )::varchar as payload,
    json_object(
        'amount', {{ atlar_amount('there.amount', 'there.currency_code') }},
        'date', there.forecast_date::varchar
    )::varchar as current_values
from documents
cross join parameters
inner join {{ ref('stg_atlar__forecasted_transactions') }} as there
    on documents.external_id = there.external_id
where
    there.amount is distinct from documents.wanted_amount
    -- When something settled was due is no matter any more.
    or (documents.wanted_amount <> 0 and there.forecast_date is distinct from documents.due_date)
