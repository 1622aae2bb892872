-- Guards fct_orders: an order that is ready or past it has a journal entry, or stands among the exceptions, or has
-- nothing to post. An order that silently had neither would never be invoiced.
select
    orders.order_id,
    orders.status,
    orders.became
from {{ ref('fct_orders') }} as orders
left join {{ ref('int_settlement__exceptions') }} as exceptions
    on orders.order_id = exceptions.order_id
where
    orders.status_role in ('ready', 'processed', 'settled')
    and not orders.is_journalled
    and exceptions.order_id is null
