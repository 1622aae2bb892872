-- Each issued document of an order as an invoice of that order in ATLAS ETRM, once its number stands in the erpCode.
-- One row per document that ATLAS ETRM has no invoice for.
select
    'document:' || documents.document_id as sync_key,
    'create' as operation,
    'invoice ' || documents.document_number || ' of order ' || orders.order_id as record_label,
    orders.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    documents.amount_total::decimal(20, 4) as amount,
    documents.currency_code,
    json_object(
        'orderId', orders.order_id,
        'externalId', documents.document_number,
        'invoiceNumber', coalesce(documents.vendor_bill_number, documents.document_number),
        'amount', {{ minor_unit_text('documents.amount_total', 'documents.currency_code') }},
        'invoiceDate', documents.issue_date || 'T00:00:00',
        'dueDate', documents.due_date || 'T00:00:00',
        'isPaid', false
    )::varchar as payload,
    null::varchar as current_values
from {{ ref('int_reconciliation__issued_documents') }} as documents
inner join {{ ref('fct_orders') }} as orders
    on documents.order_id = orders.order_id
left join {{ ref('stg_atlas_etrm__invoices') }} as invoices
    on
        documents.order_id = invoices.order_id
        and documents.document_number = invoices.external_id
left join {{ ref('int_write_back__superseded_invoices') }} as superseded
    on documents.document_id = superseded.document_id
where
    invoices.invoice_id is null
    -- The invoice of the document it replaces is changed instead (sync_atlas_etrm__invoice_revisions).
    and superseded.document_id is null
    and not orders.is_held
    and documents.document_number is not null
    and list_contains(string_split(orders.erp_code, '+'), documents.document_number)
