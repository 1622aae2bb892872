-- The ATLAS ETRM invoice of a document that was voided and made anew, changed to say what the revision says.
-- One row per invoice to change, once the revision's number stands in the erpCode.
select
    'document:' || documents.document_id as sync_key,
    'update' as operation,
    'invoice ' || superseded.external_id || ' of order ' || orders.order_id || ', now ' || documents.document_number
        as record_label,
    orders.order_id,
    superseded.invoice_id::varchar as destination_id,
    -- The reference that may be replaced.
    superseded.external_id as expected_version,
    documents.amount_total::decimal(20, 4) as amount,
    documents.currency_code,
    json_object(
        'externalId', documents.document_number,
        'invoiceNumber', coalesce(documents.vendor_bill_number, documents.document_number),
        'amount', {{ minor_unit_text('documents.amount_total', 'documents.currency_code') }},
        'invoiceDate', documents.issue_date || 'T00:00:00',
        'dueDate', documents.due_date || 'T00:00:00'
    )::varchar as payload,
    json_object(
        'externalId', superseded.external_id,
        'invoiceNumber', superseded.invoice_number,
        'amount', {{ minor_unit_text('superseded.amount', 'documents.currency_code') }},
        'invoiceDate', superseded.invoice_date || 'T00:00:00',
        'dueDate', superseded.due_date || 'T00:00:00'
    )::varchar as current_values
from {{ ref('int_write_back__superseded_invoices') }} as superseded
inner join {{ ref('int_reconciliation__issued_documents') }} as documents
    on superseded.document_id = documents.document_id
inner join {{ ref('fct_orders') }} as orders
    on superseded.order_id = orders.order_id
where
    not orders.is_held
    and not superseded.is_paid
    and list_contains(string_split(orders.erp_code, '+'), documents.document_number)
