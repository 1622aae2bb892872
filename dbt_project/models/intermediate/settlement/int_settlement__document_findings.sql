-- Where an order and the accounting document born from it have come apart. What is posted stays as the document says;
-- the order is held until a person mends it.
-- One row per finding, order and document type.
with sides as (
    select
        orders.order_id,
        orders.order_status,
        orders.status_role,
        orders.currency_code,
        documents.document_type,
        documents.document_number,
        documents.is_voided,
        documents.live_document_count,
        documents.amount_total as amount_of_document,
        documents.currency_code as currency_of_document,
        coalesce(
            case documents.document_type when 'invoice' then totals.gross_receivable else totals.gross_payable end, 0
        ) as amount_of_order
    from {{ ref('int_settlement__orders') }} as orders
    inner join {{ ref('int_posting__order_documents') }} as documents
        on
            orders.order_id = documents.order_id
            and documents.link = 'key'
    left join {{ ref('int_settlement__order_totals') }} as totals
        on orders.order_id = totals.order_id
)

select
    'document_voided' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    'The ' || document_type || ' ' || coalesce(document_number, '(unnumbered)')
    || ' was voided in Atlas Accounting; it is not made again.' as message,
    'Reject the order in ATLAS ETRM, or book it by hand and write its number to erpCode.' as remedy
from sides
where is_voided and coalesce(status_role, 'unknown') not in ('draft', 'rejected')

union all

select
    'duplicate_document' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    live_document_count || ' ' || document_type || 's carry the key of this order.' as message,
    'Void all but one of them in Atlas Accounting.' as remedy
from sides
where live_document_count > 1

union all

select
    'document_mismatch' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    'The ' || document_type || ' ' || coalesce(document_number, '(unnumbered)') || ' is over '
    || {{ money_text('amount_of_document') }} || ' ' || currency_of_document
    || ', the order''s lines over ' || {{ money_text('amount_of_order') }} || ' ' || currency_code || '.' as message,
    'Undo the change of the order in ATLAS ETRM, or void the document and book the difference by hand.' as remedy
from sides
where
    not is_voided
    and (
        amount_of_document is distinct from amount_of_order
        or currency_of_document is distinct from currency_code
    )

union all

select
    'refused_after_posting' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    'The order is back in status "' || order_status || '", but the ' || document_type || ' '
    || coalesce(document_number, '(unnumbered)') || ' stands.' as message,
    'Void the document in Atlas Accounting, or approve the order again.' as remedy
from sides
where not is_voided and status_role in ('draft', 'rejected')
