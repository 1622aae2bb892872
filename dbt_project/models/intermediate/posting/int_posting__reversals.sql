-- Posted documents taken back: every line once more on the other side, as an entry of its own. Converted at the rate of
-- the entry it reverses, so that base currency comes to zero too.
-- One row per journal line of a document that was voided, or is about to be.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
)

select
    documents.* replace (
        voided.reversal_entry_id as journal_entry_id,
        case when voided.is_of_order then 'order_reversal' else 'document_reversal' end as posting_rule,
        voided.order_revision as revision,
        voided.journal_entry_id as reverses_journal_entry_id,
        case when voided.is_of_order then 'atlas_etrm' else documents.source_system end as source_system,
        case when voided.is_of_order then 'order' else documents.source_document_type end as source_document_type,
        case when voided.is_of_order then voided.order_id::varchar else documents.source_document_id end
            as source_document_id,
        voided.reversal_date as entry_date,
        items.order_item_id as order_item_id,
        addressees.counterparty_id as counterparty_id_atlas_etrm,
        voided.document_date as rate_date,
        case documents.entry_side when 'debit' then 'credit' else 'debit' end as entry_side,
        voided.is_posted as is_posted
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
        case when voided.is_of_order then coalesce(documents.customer_id, documents.vendor_id) end = addressees.party_id
        and addressees.side = case voided.document_type when 'invoice' then 'customer' else 'vendor' end
        and not addressees.is_ambiguous
