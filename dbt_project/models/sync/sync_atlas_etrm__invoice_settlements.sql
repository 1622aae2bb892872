-- `isPaid` of the ATLAS ETRM invoices whose accounting document has nothing open, once all its payments are there.
-- One row per ATLAS ETRM invoice to mark.
with applications as (
    select
        settlements.side,
        settlements.document_id,
        settlements.payment_id,
        sum(settlements.amount_applied) as amount
    from {{ ref('int_reconciliation__settlements') }} as settlements
    group by settlements.side, settlements.document_id, settlements.payment_id
    having sum(settlements.amount_applied) <> 0
),

lacking_payments as (
    select distinct
        applications.side,
        applications.document_id
    from applications
    left join {{ ref('stg_atlas_etrm__payments') }} as payments
        on payments.external_id = applications.payment_id || ':' || applications.document_id
    where payments.payment_id is null
)

select
    'invoice:' || invoices.invoice_id as sync_key,
    'update' as operation,
    'invoice ' || documents.document_number || ' of order ' || orders.order_id as record_label,
    orders.order_id,
    invoices.invoice_id::varchar as destination_id,
    null::varchar as expected_version,
    documents.amount_total::decimal(20, 4) as amount,
    documents.currency_code,
    json_object('isPaid', true)::varchar as payload,
    json_object('isPaid', coalesce(invoices.is_paid, false))::varchar as current_values
from {{ ref('int_reconciliation__issued_documents') }} as documents
inner join {{ ref('stg_atlas_etrm__invoices') }} as invoices
    on
        documents.order_id = invoices.order_id
        and documents.document_number = invoices.external_id
inner join {{ ref('fct_orders') }} as orders
    on documents.order_id = orders.order_id
left join lacking_payments
    on
        documents.side = lacking_payments.side
        and documents.document_id = lacking_payments.document_id
where
    documents.amount_due = 0
    and invoices.is_paid is distinct from true
    and lacking_payments.document_id is null
    and not orders.is_held
