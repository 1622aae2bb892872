-- Issued invoices and bills that no order accounts for, by their own lines.
-- One row per journal line of such a document.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
)

select documents.*
from documents
left join {{ ref('int_posting__order_side_sources') }} as sources
    on
        documents.source_document_id = sources.document_id
        and documents.source_document_type = sources.document_type
        and sources.journal_source is not null
where sources.document_id is null
