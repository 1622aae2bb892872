-- `isPaid` of ATLAS ETRM invoices that were marked by us and are open in the books again, because a payment came back.
-- One row per ATLAS ETRM invoice to unmark; sent only by an approved plan. What a person marked stays as it is.
with marked as (
    select distinct sync_key
    from {{ ref('fct_deliveries') }}
    where
        sync_name = 'sync_atlas_etrm__invoice_settlements'
        and status = 'delivered'
)

select
    'invoice:' || invoices.invoice_id as sync_key,
    'update' as operation,
    'invoice ' || documents.document_number || ' of order ' || documents.order_id || ', open again' as record_label,
    documents.order_id,
    invoices.invoice_id::varchar as destination_id,
    null::varchar as expected_version,
    documents.amount_due::decimal(20, 4) as amount,
    documents.currency_code,
    json_object('isPaid', false)::varchar as payload,
    json_object('isPaid', true)::varchar as current_values
from {{ ref('int_reconciliation__issued_documents') }} as documents
inner join {{ ref('stg_atlas_etrm__invoices') }} as invoices
    on
        documents.order_id = invoices.order_id
        and documents.document_number = invoices.external_id
inner join marked
    on 'invoice:' || invoices.invoice_id = marked.sync_key
where
    documents.amount_due <> 0
    and invoices.is_paid
