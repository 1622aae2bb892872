-- What stands behind the controls of orders, order by order: items and entry, entry and issued documents.
-- One row per control, order, direction and currency. Exact and unrounded.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_settlement__orders',
    'int_settlement__order_holds',
    'int_settlement__order_items',
    'int_posting__journal_lines',
    'int_posting__order_documents',
]}}) }}
with orders as (
    select
        orders.order_id,
        orders.order_name,
        coalesce(orders.status_role, '') in ('ready', 'processed', 'settled')
        and not orders.is_posted_elsewhere as is_approved,
        orders.is_posted_elsewhere
    from {{ ref('int_settlement__orders') }} as orders
    left join {{ ref('int_settlement__order_holds') }} as holds on orders.order_id = holds.order_id
    where holds.order_id is null
),

approved as (
    select
        items.order_id,
        items.direction,
        items.currency_code,
        {{ money('sum(items.net_amount_unrounded + items.vat_amount_unrounded)', 'items.currency_code') }} as amount
    from {{ ref('int_settlement__order_items') }} as items
    inner join orders on items.order_id = orders.order_id
    where items.is_in_order and orders.is_approved and items.direction is not null
    group by items.order_id, items.direction, items.currency_code
),

journal as (
    select
        lines.order_id,
        lines.direction,
        lines.currency_code,
        string_agg(distinct lines.journal_entry_id, ', ' order by lines.journal_entry_id) as entry_ids,
        sum(
            case
                when orders.is_posted_elsewhere then 0
                when (lines.direction = 'receivable') = (lines.entry_side = 'debit') then lines.amount
                else -lines.amount
            end
        ) as amount_of_our_orders,
        sum(
            case
                when not lines.is_posted then 0
                when (lines.direction = 'receivable') = (lines.entry_side = 'debit') then lines.amount
                else -lines.amount
            end
        ) as amount_posted
    from {{ ref('int_posting__journal_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id
    where lines.source_system = 'atlas_etrm' and lines.line_type in ('receivables', 'payables')
    group by lines.order_id, lines.direction, lines.currency_code
),

documents as (
    select
        linked.order_id,
        issued.side as direction,
        issued.currency_code,
        string_agg(issued.document_id, ', ' order by issued.document_id) as document_ids,
        string_agg(issued.document_number, ', ' order by issued.document_id) as document_numbers,
        sum(issued.amount_total) as amount
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    inner join {{ ref('int_posting__order_documents') }} as linked
        on
            issued.document_id = linked.document_id
            and issued.side = case linked.document_type when 'invoice' then 'receivable' else 'payable' end
            and linked.is_first_order
    inner join orders on linked.order_id = orders.order_id
    group by linked.order_id, issued.side, issued.currency_code
)

select
    'approved_items_are_journalled' as control_name,
    coalesce(approved.currency_code, journal.currency_code) || '/'
    || coalesce(approved.direction, journal.direction) as scope,
    'order' as record_type,
    approved.order_id::varchar as left_document_id,
    journal.entry_ids as right_document_id,
    orders.order_name as document_number,
    coalesce(approved.amount, 0) as left_amount,
    coalesce(journal.amount_of_our_orders, 0) as right_amount,
    coalesce(approved.order_id, journal.order_id) as order_id
from approved
full outer join journal
    on
        approved.order_id = journal.order_id
        and approved.direction = journal.direction
        and approved.currency_code = journal.currency_code
left join orders on coalesce(approved.order_id, journal.order_id) = orders.order_id

union all

select
    'posted_orders_equal_documents' as control_name,
    coalesce(journal.currency_code, documents.currency_code) || '/'
    || coalesce(journal.direction, documents.direction) as scope,
    'order' as record_type,
    coalesce(journal.entry_ids, 'order ' || documents.order_id) as left_document_id,
    documents.document_ids as right_document_id,
    documents.document_numbers as document_number,
    coalesce(journal.amount_posted, 0) as left_amount,
    coalesce(documents.amount, 0) as right_amount,
    coalesce(journal.order_id, documents.order_id) as order_id
from journal
full outer join documents
    on
        journal.order_id = documents.order_id
        and journal.direction = documents.direction
        and journal.currency_code = documents.currency_code
