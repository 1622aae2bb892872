-- Settlement lines as settled: direction, amounts without sign, and the GL account and IBAN in effect.
-- One row per order item.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_settlement__order_items',
    'int_settlement__order_holds',
    'int_settlement__item_findings',
]}}) }}
with item_holds as (
    select
        order_item_id,
        min(exception_code) as hold_code
    from {{ ref('int_settlement__item_findings') }}
    group by order_item_id
)

select
    items.order_item_id,
    items.order_id,
    items.counterparty_id as counterparty_id_atlas_etrm,
    items.item_status,
    items.is_in_order,
    items.cashflow,
    items.direction,
    items.net_amount,
    items.vat_amount,
    items.net_amount + items.vat_amount as gross_amount,
    items.net_amount_unrounded,
    items.vat_amount_unrounded,
    items.currency_code,
    items.volume_mwh,
    items.deal_id,
    items.deal_name,
    {{ money('items.amount_mtm', 'items.currency_code', or_null=true) }} as amount_mtm,
    {{ money('items.amount_pnl', 'items.currency_code', or_null=true) }} as amount_pnl,
    items.start_compensation_date,
    items.end_compensation_date,
    items.due_date,
    items.gl_account,
    items.gl_account_source,
    items.iban,
    items.iban_source,
    coalesce(items.is_in_order and order_holds.order_id is not null, false) as is_held,
    item_holds.hold_code
from {{ ref('int_settlement__order_items') }} as items
left join {{ ref('int_settlement__order_holds') }} as order_holds
    on items.order_id = order_holds.order_id
left join item_holds
    on items.order_item_id = item_holds.order_item_id
