-- The number of an order's issued document as its `erpCode`; of both, joined by `+`, for a mixed order.
-- One row per order whose documents are all issued and which has no erpCode.
select
    'order:' || orders.order_id as sync_key,
    'update' as operation,
    'order ' || orders.order_id || coalesce(' (' || orders.order_name || ')', '') as record_label,
    orders.order_id,
    orders.order_id::varchar as destination_id,
    null::varchar as expected_version,
    orders.total_amount as amount,
    orders.currency_code,
    json_object('erpCode', concat_ws('+', orders.invoice_number, orders.bill_number))::varchar as payload,
    json_object('erpCode', orders.erp_code)::varchar as current_values
from {{ ref('fct_orders') }} as orders
where
    orders.erp_code is null
    and orders.is_posted
    and not orders.is_held
    and not orders.is_posted_elsewhere
    and (not orders.has_receivable or orders.invoice_number is not null)
    and (not orders.has_payable or orders.bill_number is not null)
    and coalesce(orders.invoice_number, orders.bill_number) is not null
