-- Where a settlement line contradicts the deal it came from: warnings only, deals are never written.
-- One row per contradicting order item.
with items as (
    select items.*
    from {{ ref('int_settlement__order_items') }} as items
    inner join {{ ref('int_settlement__orders') }} as orders
        on items.order_id = orders.order_id
    where items.is_in_order and orders.is_checked and items.deal_id is not null
),

deals as (
    select * from {{ ref('stg_atlas_etrm__deals') }}
)

select
    'deal_mismatch' as exception_code,
    'warn' as severity,
    items.order_id,
    items.order_item_id,
    case
        when deals.deal_id is null then 'Deal ' || items.deal_id || ' is not among the deals of ATLAS ETRM.'
        when deals.counterparty_id <> items.counterparty_id
            then
                'Deal ' || items.deal_id || ' is with counterparty ' || deals.counterparty_id
                || ', the line with ' || items.counterparty_id || '.'
        else
            'The line covers ' || coalesce(items.start_compensation_date::varchar, '?') || ' to '
            || coalesce(items.end_compensation_date::varchar, '?') || ', deal ' || items.deal_id || ' delivers '
            || coalesce(deals.delivery_start_date::varchar, '?') || ' to '
            || coalesce(deals.delivery_end_date::varchar, '?') || '.'
    end as message,
    'Check the line against its deal in ATLAS ETRM.' as remedy
from items
left join deals
    on items.deal_id = deals.deal_id
where
    -- An instance that does not serve deals gives none at all: nothing to check against.
    (deals.deal_id is null and (select count(any_deal.deal_id) from deals as any_deal) > 0)
    or deals.counterparty_id <> items.counterparty_id
    or items.start_compensation_date < deals.delivery_start_date
    or items.end_compensation_date > deals.delivery_end_date
