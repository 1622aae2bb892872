-- The status an order is moved to by what became of it, where the seed `status_write_back` says so (off by default).
-- One row per order that stands in the status a rule starts from; what ATLAS ETRM or a person moved on stays.
with open_documents as (
    select
        order_id,
        bool_or(amount_due <> amount_total) as is_partially_paid
    from {{ ref('int_reconciliation__issued_documents') }}
    where order_id is not null
    group by order_id
),

events as (
    select
        orders.order_id,
        orders.order_name,
        orders.status,
        orders.total_amount,
        orders.currency_code,
        unnest(
            case
                when orders.became = 'invoice_written' and open_documents.is_partially_paid
                    then ['partially_paid', 'invoice_written']
                else [orders.became]
            end
        ) as event_name
    from {{ ref('fct_orders') }} as orders
    left join open_documents
        on orders.order_id = open_documents.order_id
)

select
    'order:' || events.order_id as sync_key,
    'update' as operation,
    'status of order ' || events.order_id || coalesce(' (' || events.order_name || ')', '') as record_label,
    events.order_id,
    events.order_id::varchar as destination_id,
    null::varchar as expected_version,
    events.total_amount as amount,
    events.currency_code,
    json_object('status', rules.to_status)::varchar as payload,
    json_object('status', events.status)::varchar as current_values
from events
inner join {{ ref('status_write_back') }} as rules
    on
        rules.is_enabled
        and events.event_name = rules.event_name
        and events.status = rules.from_status
qualify
    row_number() over (
        partition by events.order_id
        order by case when events.event_name = 'partially_paid' then 0 else 1 end asc
    ) = 1
