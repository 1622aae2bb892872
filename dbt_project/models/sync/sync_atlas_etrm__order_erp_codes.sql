-- The number of an order's issued document as its `erpCode`; of both, joined by `+`, for a mixed order. Where a
-- document was corrected, the revision's number takes the place of ours that is void, and of nobody else's.
-- One row per order whose documents are all issued and whose erpCode lacks or names a void one of them.
with numbers as (
    select
        order_id,
        document_type,
        document_id,
        invoice_number as document_number
    from (
        select
            order_id,
            'invoice' as document_type,
            invoice_id as document_id,
            invoice_number
        from {{ ref('stg_atlas_accounting__invoices') }}

        union all

        select
            order_id,
            'bill' as document_type,
            bill_id as document_id,
            bill_number
        from {{ ref('stg_atlas_accounting__bills') }}
    ) as documents
    where order_id is not null
),

ours as (
    select
        order_id,
        list(document_number) as document_numbers
    from numbers
    group by order_id
),

living as (
    select
        order_id,
        string_agg(document_number, '+' order by document_type desc) as erp_code,
        count(*) filter (where document_number is null) as unnumbered_count
    from {{ ref('int_posting__order_documents') }}
    where link = 'key' and is_issued
    group by order_id
)

select
    'order:' || orders.order_id as sync_key,
    'update' as operation,
    'order ' || orders.order_id || coalesce(' (' || orders.order_name || ')', '') as record_label,
    orders.order_id,
    orders.order_id::varchar as destination_id,
    -- The code that may be replaced; anything else that stands there by then is a person's to decide on.
    orders.erp_code as expected_version,
    orders.total_amount as amount,
    orders.currency_code,
    json_object('erpCode', living.erp_code)::varchar as payload,
    json_object('erpCode', orders.erp_code)::varchar as current_values
from {{ ref('fct_orders') }} as orders
inner join living
    on
        orders.order_id = living.order_id
        and living.unnumbered_count = 0
left join ours
    on orders.order_id = ours.order_id
where
    orders.is_posted
    and not orders.is_held
    and not orders.is_correction_due
    and not orders.is_posted_elsewhere
    and orders.status_role not in ('draft', 'rejected')
    and (
        orders.erp_code is null
        or (
            orders.erp_code <> living.erp_code
            and list_has_all(ours.document_numbers, string_split(orders.erp_code, '+'))
        )
    )
