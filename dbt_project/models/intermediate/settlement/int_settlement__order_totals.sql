-- What the lines of an order add up to, per direction, and how far that is from the order's own total.
-- One row per order that has lines in status `in_order`.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['int_settlement__order_items', 'stg_atlas_etrm__orders']}}) }}
with totals as (
    select
        items.order_id,
        count(*) as item_count,
        count(*) filter (where items.direction = 'receivable') as receivable_item_count,
        count(*) filter (where items.direction = 'payable') as payable_item_count,
        coalesce(sum(items.net_amount_unrounded) filter (where items.direction = 'receivable'), 0) as net_receivable,
        coalesce(sum(items.vat_amount_unrounded) filter (where items.direction = 'receivable'), 0) as vat_receivable,
        coalesce(sum(items.net_amount_unrounded) filter (where items.direction = 'payable'), 0) as net_payable,
        coalesce(sum(items.vat_amount_unrounded) filter (where items.direction = 'payable'), 0) as vat_payable,
        coalesce(
            min(items.line_sign) filter (where items.direction = 'payable') < 0
            and max(items.line_sign) filter (where items.direction = 'payable') > 0,
            false
        ) as has_payables_of_both_signs
    from {{ ref('int_settlement__order_items') }} as items
    where items.is_in_order and items.order_id is not null
    group by items.order_id
)

select
    totals.order_id,
    totals.item_count,
    totals.receivable_item_count,
    totals.payable_item_count,
    totals.has_payables_of_both_signs,
    parameters.currency_code,
    {{ money('totals.net_receivable', 'parameters.currency_code', or_null=true) }} as net_receivable,
    {{ money('totals.vat_receivable', 'parameters.currency_code', or_null=true) }} as vat_receivable,
    -- The gross is the rounded sum, not a sum of rounded parts: it is what the counterparty is told.
    {{ money('totals.net_receivable + totals.vat_receivable', 'parameters.currency_code', or_null=true) }}
        as gross_receivable,
    {{ money('totals.net_payable', 'parameters.currency_code', or_null=true) }} as net_payable,
    {{ money('totals.vat_payable', 'parameters.currency_code', or_null=true) }} as vat_payable,
    {{ money('totals.net_payable + totals.vat_payable', 'parameters.currency_code', or_null=true) }} as gross_payable,
    {{ money(
        "abs(totals.net_receivable - totals.net_payable"
        " + case parameters.order_total when 'net' then 0 else totals.vat_receivable - totals.vat_payable end)",
        'parameters.currency_code', or_null=true
    ) }} as amount_from_items,
    {{ money('abs(orders.total_amount)', 'parameters.currency_code', or_null=true) }} as amount_from_order
from totals
cross join {{ ref('stg_operations__run_parameters') }} as parameters
inner join {{ ref('stg_atlas_etrm__orders') }} as orders
    on totals.order_id = orders.order_id
