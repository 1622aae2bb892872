-- Which line of its order each line of a voided document stood for: by account and amount, as the order's lines were
-- when the document was first seen; equal ones in the order of both. A line that fits none has no row.
-- One row per document line that stood for an order item.
with documents as (
    select
        voided.document_type,
        voided.document_id,
        voided.order_id,
        histories.first_seen_at
    from {{ ref('int_posting__voided_documents') }} as voided
    inner join {{ ref('stg_atlas_accounting__document_histories') }} as histories
        on
            voided.document_type = histories.document_type
            and voided.document_id = histories.document_id
    where voided.is_of_order
),

document_lines as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
),

lines as (
    select
        documents.*,
        document_lines.line_order,
        document_lines.gl_account,
        document_lines.amount,
        document_lines.currency_code,
        row_number() over (
            partition by
                documents.document_type, documents.document_id, document_lines.gl_account, document_lines.amount
            order by document_lines.line_order
        ) as place
    from documents
    inner join document_lines
        on
            documents.document_type = document_lines.source_document_type
            and documents.document_id = document_lines.source_document_id
            and document_lines.line_type in ('revenue', 'expense')
),

changed as (
    select distinct order_item_id
    from {{ ref('stg_atlas_etrm__changed_order_items') }}
),

versions as (
    select
        order_item_id,
        order_id,
        counterparty_id,
        cashflow,
        amount,
        gl_account,
        landed_at,
        next_landed_at
    from {{ ref('stg_atlas_etrm__changed_order_items') }}
    where not is_deleted and item_status = 'in_order'

    union all

    select
        items.order_item_id,
        items.order_id,
        items.counterparty_id,
        items.cashflow,
        items.amount,
        items.gl_account,
        items.landed_at,
        null::timestamptz as next_landed_at
    from {{ ref('stg_atlas_etrm__order_items') }} as items
    left join changed
        on items.order_item_id = changed.order_item_id
    where items.item_status = 'in_order' and changed.order_item_id is null
),

currencies as (
    select
        document_type,
        document_id,
        max(currency_code) as currency_code
    from lines
    group by document_type, document_id
),

valued as (
    select
        documents.document_type,
        documents.document_id,
        versions.order_item_id,
        coalesce(versions.gl_account, counterparties.gl_account) as gl_account,
        {{ money('abs(versions.amount)', 'currencies.currency_code', or_null=true) }} as amount
    from documents
    inner join currencies
        on
            documents.document_type = currencies.document_type
            and documents.document_id = currencies.document_id
    inner join versions
        on
            documents.order_id = versions.order_id
            and versions.cashflow = case documents.document_type when 'invoice' then 'active' else 'passive' end
            and documents.first_seen_at >= versions.landed_at
            and documents.first_seen_at < coalesce(versions.next_landed_at, 'infinity'::timestamptz)
    left join {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
        on versions.counterparty_id = counterparties.counterparty_id
),

items as (
    select
        *,
        row_number() over (
            partition by document_type, document_id, gl_account, amount order by order_item_id
        ) as place
    from valued
)

select
    lines.document_type,
    lines.document_id,
    lines.line_order,
    items.order_item_id
from lines
inner join items
    on
        lines.document_type = items.document_type
        and lines.document_id = items.document_id
        and lines.gl_account = items.gl_account
        and lines.amount = items.amount
        and lines.place = items.place
