-- Orders whose entry is what the books hold: booked elsewhere, or changed after their document was issued. The lines
-- are the document's, the entry is the order's.
-- One row per journal line of such an order side.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
)

select
    {{ order_entry_id('sources.order_id', 'linked.revision') }} as journal_entry_id,
    case documents.direction when 'receivable' then 'order_receivable' else 'order_payable' end as posting_rule,
    linked.revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_etrm' as source_system,
    'order' as source_document_type,
    sources.order_id::varchar as source_document_id,
    documents.entry_date,
    documents.rate_date,
    documents.direction,
    documents.line_rank,
    documents.line_order,
    documents.line_type,
    documents.gl_account,
    documents.entry_side,
    documents.amount,
    documents.currency_code,
    documents.amount_base,
    documents.is_posted,
    sources.order_id,
    documents.order_item_id,
    documents.description,
    -- What was posted stays with whom it was posted, whatever the order names since.
    coalesce(addressees.counterparty_id, orders.counterparty_id) as counterparty_id_atlas_etrm,
    documents.customer_id,
    documents.vendor_id,
    treatments.vat_treatment,
    treatments.vat_reason
from {{ ref('int_posting__order_side_sources') }} as sources
inner join documents
    on
        sources.document_id = documents.source_document_id
        and sources.document_type = documents.source_document_type
inner join {{ ref('int_posting__order_documents') }} as linked
    on
        sources.order_id = linked.order_id
        and sources.document_type = linked.document_type
inner join {{ ref('stg_atlas_etrm__orders') }} as orders
    on sources.order_id = orders.order_id
left join {{ ref('int_settlement__party_matches') }} as addressees
    on
        linked.party_id = addressees.party_id
        and addressees.side = case linked.document_type when 'invoice' then 'customer' else 'vendor' end
        and not addressees.is_ambiguous
left join {{ ref('int_settlement__vat_treatments') }} as treatments
    on
        sources.order_id = treatments.order_id
        and sources.direction = treatments.direction
where sources.journal_source = 'document'
