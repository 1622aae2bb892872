-- Controls between ATLAS ETRM, our journal and the documents of Atlas Accounting. Held orders count on no side; they
-- are told beside.
-- One row per control, currency and direction.
with orders as (
    select
        orders.order_id,
        holds.order_id is not null as is_held,
        -- Approved: at or past the ready status, and ours to post. A status nobody knows is held.
        coalesce(orders.status_role, '') in ('ready', 'processed', 'settled')
        and not orders.is_posted_elsewhere as is_approved,
        orders.is_posted_elsewhere
    from {{ ref('int_settlement__orders') }} as orders
    left join {{ ref('int_settlement__order_holds') }} as holds on orders.order_id = holds.order_id
),

approved_sides as (
    select
        items.order_id,
        items.direction,
        items.currency_code,
        orders.is_held,
        -- Too much for money is null; its order is held (`amount_out_of_range`).
        {{ money(
            'sum(items.net_amount_unrounded + items.vat_amount_unrounded)', 'items.currency_code', or_null=true
        ) }} as amount
    from {{ ref('int_settlement__order_items') }} as items
    inner join orders on items.order_id = orders.order_id
    where items.is_in_order and orders.is_approved and items.direction is not null
    group by items.order_id, items.direction, items.currency_code, orders.is_held
),

approved_items as (
    select
        direction,
        currency_code,
        sum(case when is_held then 0 else amount end) as amount,
        count(*) filter (where is_held) as held_count
    from approved_sides
    group by direction, currency_code
),

-- What an order's entry puts on the control account: its receivable or its payable.
order_lines as (
    select
        lines.order_id,
        lines.direction,
        lines.currency_code,
        lines.is_posted,
        orders.is_posted_elsewhere,
        case
            when lines.direction = 'receivable' and lines.entry_side = 'debit' then lines.amount
            when lines.direction = 'payable' and lines.entry_side = 'credit' then lines.amount
            else -lines.amount
        end as amount
    from {{ ref('int_posting__journal_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id and not orders.is_held
    where lines.source_system = 'atlas_etrm' and lines.line_type in ('receivables', 'payables')
),

journal as (
    select
        direction,
        currency_code,
        sum(case when is_posted_elsewhere then 0 else amount end) as amount_of_our_orders,
        sum(case when is_posted then amount else 0 end) as amount_posted,
        count(*) filter (where not is_posted) as pending_count
    from order_lines
    group by direction, currency_code
),

documents as (
    select
        issued.side as direction,
        issued.document_id,
        issued.currency_code,
        issued.amount_total
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    inner join {{ ref('int_posting__order_documents') }} as linked
        on
            issued.document_id = linked.document_id
            and issued.side = case linked.document_type when 'invoice' then 'receivable' else 'payable' end
            -- A document several orders share stands in the journal by the first of them.
            and linked.is_first_order
    inner join orders on linked.order_id = orders.order_id and not orders.is_held
),

documents_by_currency as (
    select
        direction,
        currency_code,
        sum(amount_total) as amount
    from documents
    group by direction, currency_code
)

select
    'approved_items_are_journalled' as control_name,
    coalesce(approved_items.currency_code, journal.currency_code) || '/'
    || coalesce(approved_items.direction, journal.direction) as scope,
    'Approved order items, net and VAT' as left_label,
    coalesce(approved_items.amount, 0) as left_amount,
    'Journal entries of those orders' as right_label,
    coalesce(journal.amount_of_our_orders, 0) as right_amount,
    coalesce(approved_items.currency_code, journal.currency_code) as currency_code,
    0 as amount_reconciling,
    coalesce(approved_items.held_count, 0) as held_count,
    0 as pending_count
from approved_items
full outer join journal
    on approved_items.direction = journal.direction and approved_items.currency_code = journal.currency_code

union all

select
    'posted_orders_equal_documents' as control_name,
    coalesce(journal.currency_code, documents_by_currency.currency_code) || '/'
    || coalesce(journal.direction, documents_by_currency.direction) as scope,
    'Posted journal entries of orders' as left_label,
    coalesce(journal.amount_posted, 0) as left_amount,
    'Their issued invoices and bills' as right_label,
    coalesce(documents_by_currency.amount, 0) as right_amount,
    coalesce(journal.currency_code, documents_by_currency.currency_code) as currency_code,
    0 as amount_reconciling,
    coalesce(approved_items.held_count, 0) as held_count,
    coalesce(journal.pending_count, 0) as pending_count
from journal
full outer join documents_by_currency
    on
        journal.direction = documents_by_currency.direction
        and journal.currency_code = documents_by_currency.currency_code
left join approved_items
    on
        coalesce(journal.direction, documents_by_currency.direction) = approved_items.direction
        and coalesce(journal.currency_code, documents_by_currency.currency_code) = approved_items.currency_code
