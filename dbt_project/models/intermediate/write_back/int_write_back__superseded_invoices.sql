-- ATLAS ETRM invoices whose accounting document was voided and made anew, beside the revision they are to follow: the
-- interface of ATLAS ETRM takes no invoice back, so the one it has becomes the revision's.
-- One row per issued revision with such an invoice.
with voided as (
    select
        'invoice' as document_type,
        order_id,
        order_revision,
        invoice_number as document_number
    from {{ ref('stg_atlas_accounting__invoices') }}
    where is_voided and order_id is not null

    union all

    select
        'bill' as document_type,
        order_id,
        order_revision,
        bill_number as document_number
    from {{ ref('stg_atlas_accounting__bills') }}
    where is_voided and order_id is not null
)

select
    documents.order_id,
    documents.document_type,
    documents.document_id,
    invoices.invoice_id,
    invoices.external_id,
    invoices.invoice_number,
    invoices.amount,
    invoices.invoice_date,
    invoices.due_date,
    coalesce(invoices.is_paid, false) as is_paid
from {{ ref('int_posting__order_documents') }} as documents
inner join voided
    on
        documents.order_id = voided.order_id
        and documents.document_type = voided.document_type
        and documents.revision > voided.order_revision
inner join {{ ref('stg_atlas_etrm__invoices') }} as invoices
    on
        voided.order_id = invoices.order_id
        and voided.document_number = invoices.external_id
left join {{ ref('stg_atlas_etrm__invoices') }} as present
    on
        documents.order_id = present.order_id
        and documents.document_number = present.external_id
where documents.link = 'key' and documents.is_issued and present.invoice_id is null
-- Of several the newest follows; the others are told by `invoice_of_voided_document`.
qualify row_number() over (partition by documents.document_id order by invoices.invoice_id desc) = 1
