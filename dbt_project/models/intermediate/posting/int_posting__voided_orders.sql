-- What orders were posted with under documents that were voided since: it stays for ever, as the document said it.
-- One row per journal line of such a document.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
)

select
    documents.* replace (
        voided.journal_entry_id as journal_entry_id,
        case documents.direction when 'receivable' then 'order_receivable' else 'order_payable' end as posting_rule,
        voided.order_revision as revision,
        'atlas_etrm' as source_system,
        'order' as source_document_type,
        voided.order_id::varchar as source_document_id,
        items.order_item_id as order_item_id,
        addressees.counterparty_id as counterparty_id_atlas_etrm,
        treatments.vat_treatment as vat_treatment,
        treatments.vat_reason as vat_reason
    )
from {{ ref('int_posting__voided_documents') }} as voided
inner join documents
    on
        voided.document_type = documents.source_document_type
        and voided.document_id = documents.source_document_id
left join {{ ref('int_posting__voided_order_items') }} as items
    on
        voided.document_type = items.document_type
        and voided.document_id = items.document_id
        and case when documents.line_type in ('revenue', 'expense') then documents.line_order end = items.line_order
left join {{ ref('int_settlement__party_matches') }} as addressees
    on
        coalesce(documents.customer_id, documents.vendor_id) = addressees.party_id
        and addressees.side = case voided.document_type when 'invoice' then 'customer' else 'vendor' end
        and not addressees.is_ambiguous
left join {{ ref('int_settlement__vat_treatments') }} as treatments
    on
        voided.order_id = treatments.order_id
        and documents.direction = treatments.direction
where voided.is_of_order and voided.is_posted
