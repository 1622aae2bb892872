-- Orders split into what we are owed and what we owe, each with the document born from it and the day to book it on.
-- One row per order and direction that has an amount or a document.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_posting__order_documents',
    'int_settlement__order_totals',
    'int_settlement__orders',
]}}) }}
with issued_revisions as (
    select
        order_id,
        max(latest_issued_revision) as latest_issued_revision
    from {{ ref('int_posting__order_documents') }}
    group by order_id
),

sides as (
    select
        order_id,
        'receivable' as direction,
        'invoice' as document_type,
        net_receivable as net_amount,
        vat_receivable as vat_amount,
        gross_receivable as gross_amount
    from {{ ref('int_settlement__order_totals') }}

    union all

    select
        order_id,
        'payable' as direction,
        'bill' as document_type,
        net_payable as net_amount,
        vat_payable as vat_amount,
        gross_payable as gross_amount
    from {{ ref('int_settlement__order_totals') }}
),

sides_and_documents as (
    select
        coalesce(sides.order_id, documents.order_id) as order_id,
        coalesce(sides.direction, case documents.document_type when 'invoice' then 'receivable' else 'payable' end)
            as direction,
        coalesce(sides.document_type, documents.document_type) as document_type,
        coalesce(sides.net_amount, 0) as net_amount,
        coalesce(sides.vat_amount, 0) as vat_amount,
        coalesce(sides.gross_amount, 0) as gross_amount,
        documents.document_id,
        documents.document_number,
        documents.document_status,
        documents.link,
        documents.revision,
        documents.document_date as date_of_document,
        documents.amount_total as amount_of_document,
        documents.amount_due,
        coalesce(documents.is_issued, false) as is_issued,
        coalesce(documents.is_voided, false) as is_voided,
        coalesce(documents.is_voided_by_us, false) as is_voided_by_us,
        coalesce(documents.latest_revision, 0) as latest_revision,
        coalesce(documents.is_first_order, true) as is_first_order
    from sides
    full outer join {{ ref('int_posting__order_documents') }} as documents
        on
            sides.order_id = documents.order_id
            and sides.document_type = documents.document_type
    where sides.gross_amount <> 0 or documents.document_id is not null
)

select
    sides_and_documents.order_id,
    sides_and_documents.direction,
    sides_and_documents.document_type,
    orders.counterparty_id,
    orders.currency_code,
    sides_and_documents.net_amount,
    sides_and_documents.vat_amount,
    sides_and_documents.gross_amount,
    sides_and_documents.document_id,
    sides_and_documents.document_number,
    sides_and_documents.document_status,
    sides_and_documents.link,
    sides_and_documents.revision as document_revision,
    sides_and_documents.amount_due,
    sides_and_documents.is_issued,
    sides_and_documents.is_voided,
    sides_and_documents.is_voided_by_us,
    sides_and_documents.is_first_order,
    orders.is_posted_elsewhere,
    -- What our own rules may post once nothing holds the order: checked, and something to post.
    orders.is_checked and sides_and_documents.gross_amount <> 0 as is_postable,
    -- The revision that a further document of this side would be: after its own last one, and after every posted one
    -- of the order, whose entry must not gain a side.
    case
        when sides_and_documents.document_id is null and orders.erp_code is null then 1
        else greatest(
            sides_and_documents.latest_revision, coalesce(issued_revisions.latest_issued_revision, 0)
        ) + 1
    end as next_revision,
    closed.first_open_date,
    greatest(
        orders.registration_date, coalesce(closed.first_open_date, orders.registration_date)
    ) as next_document_date,
    case
        when sides_and_documents.document_id is not null and not sides_and_documents.is_voided
            then sides_and_documents.date_of_document
        else greatest(
            orders.registration_date, coalesce(closed.first_open_date, orders.registration_date)
        )
    end as document_date
from sides_and_documents
inner join {{ ref('int_settlement__orders') }} as orders
    on sides_and_documents.order_id = orders.order_id
left join issued_revisions
    on sides_and_documents.order_id = issued_revisions.order_id
cross join {{ ref('int_posting__closed_through') }} as closed
