-- Invoices and bills that no order accounts for, by their own lines: the issued ones, and as they were issued those
-- voided since. One whose key names an order that ATLAS ETRM no longer has keeps that order's entry.
-- One row per journal line of such a document.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
),

keys as (
    select
        'invoice' as document_type,
        invoice_id as document_id,
        order_revision
    from {{ ref('stg_atlas_accounting__invoices') }}
    where order_id is not null

    union all

    select
        'bill' as document_type,
        bill_id as document_id,
        order_revision
    from {{ ref('stg_atlas_accounting__bills') }}
    where order_id is not null
)

select
    documents.* replace (
        case
            when keys.document_id is not null and orders.order_id is null
                then {{ order_entry_id('documents.order_id', 'keys.order_revision') }}
            else documents.journal_entry_id
        end as journal_entry_id,
        case when orders.order_id is null then coalesce(keys.order_revision, 1) else 1 end as revision
    )
from documents
left join {{ ref('int_posting__order_side_sources') }} as sources
    on
        documents.source_document_id = sources.document_id
        and documents.source_document_type = sources.document_type
        and sources.journal_source is not null
left join {{ ref('int_posting__voided_documents') }} as voided
    on
        documents.source_document_id = voided.document_id
        and documents.source_document_type = voided.document_type
        and voided.is_of_order
        and voided.is_posted
left join keys
    on
        documents.source_document_id = keys.document_id
        and documents.source_document_type = keys.document_type
left join {{ ref('stg_atlas_etrm__orders') }} as orders
    on documents.order_id = orders.order_id
where sources.document_id is null and voided.document_id is null
