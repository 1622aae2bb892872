-- What accounting payments settle, beside the Atlar documents of the payment and of the invoice, and whether Atlar's
-- PAYMENT document shows it.
-- One row per side, payment and document.
with applications as (
    select
        settlements.side,
        settlements.payment_id,
        settlements.document_id,
        case settlements.side when 'receivable' then 'PAYMENT/' else 'PAYMENT_MADE/' end || settlements.payment_id
            as payment_provenance_id,
        case settlements.side when 'receivable' then 'INVOICE/' else 'BILL/' end || settlements.document_id
            as document_provenance_id,
        sum(settlements.amount_applied) as amount_applied
    from {{ ref('int_reconciliation__settlements') }} as settlements
    inner join {{ ref('int_reconciliation__payments') }} as payments
        on
            settlements.side = payments.side
            and settlements.payment_id = payments.payment_id
    -- Atlar keeps payments for the bank transactions they meet: an offset meets none.
    where not payments.is_netting
    group by settlements.side, settlements.payment_id, settlements.document_id
),

links as (
    select
        documents.document_id as payment_document_id,
        {{ json_text('item.element', 'documentId') }} as document_id_atlar,
        {{ json_decimal('item.element', '$.amount.instructedAmount.stringValue') }} as amount_applied
    from {{ ref('stg_atlar__documents') }} as documents
    cross join {{ json_elements('documents.applied_documents') }}
)

select
    applications.side,
    applications.payment_id,
    applications.document_id,
    applications.amount_applied,
    payment_documents.document_id as payment_document_id_atlar,
    documents.document_id as document_id_atlar,
    -- Its document is open in the books, so it is on its way to Atlar.
    coalesce(issued.amount_due, 0) <> 0 as is_document_open,
    links.document_id_atlar is not null as is_linked
from applications
left join {{ ref('stg_atlar__documents') }} as payment_documents
    on applications.payment_provenance_id = payment_documents.provenance_vendor_id
left join {{ ref('stg_atlar__documents') }} as documents
    on applications.document_provenance_id = documents.provenance_vendor_id
left join {{ ref('int_reconciliation__issued_documents') }} as issued
    on
        applications.side = issued.side
        and applications.document_id = issued.document_id
left join links
    on
        payment_documents.document_id = links.payment_document_id
        and documents.document_id = links.document_id_atlar
        and applications.amount_applied = links.amount_applied
-- A document made twice at Atlar is one here: its first copy.
qualify
    row_number() over (
        partition by applications.side, applications.payment_id, applications.document_id
        order by payment_documents.created_at asc nulls last, documents.created_at asc nulls last
    ) = 1
