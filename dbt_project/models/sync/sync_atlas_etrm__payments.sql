-- Each accounting payment applied to an order's document, as a payment of that document's invoice in ATLAS ETRM.
-- One row per payment and document that ATLAS ETRM has no payment for. The key is both ids: one payment may settle
-- several documents, and one document may take several payments.
with applications as (
    select
        side,
        payment_id,
        document_id,
        max(settlement_date) as payment_date,
        sum(amount_applied) as amount
    from {{ ref('int_reconciliation__settlements') }}
    group by side, payment_id, document_id
    having sum(amount_applied) <> 0
),

invoices as (
    select
        documents.side,
        documents.document_id,
        documents.document_number,
        documents.currency_code,
        documents.order_id,
        invoices.invoice_id
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    inner join {{ ref('stg_atlas_etrm__invoices') }} as invoices
        on
            documents.order_id = invoices.order_id
            and documents.document_number = invoices.external_id
    -- An invoice written twice would be paid twice: the first of them takes the payments.
    qualify row_number() over (partition by documents.side, documents.document_id order by invoices.invoice_id) = 1
)

select
    'payment:' || applications.payment_id || ':' || applications.document_id as sync_key,
    'create' as operation,
    'payment of ' || invoices.document_number || ' of order ' || invoices.order_id as record_label,
    invoices.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    applications.amount::decimal(20, 4) as amount,
    invoices.currency_code,
    json_object(
        'invoiceId', invoices.invoice_id,
        'orderId', invoices.order_id,
        'externalId', applications.payment_id || ':' || applications.document_id,
        'amount', {{ minor_unit_text('applications.amount', 'invoices.currency_code') }},
        'paymentDate', applications.payment_date || 'T00:00:00'
    )::varchar as payload,
    null::varchar as current_values
from applications
inner join invoices
    on
        applications.side = invoices.side
        and applications.document_id = invoices.document_id
inner join {{ ref('fct_orders') }} as orders
    on invoices.order_id = orders.order_id
left join {{ ref('stg_atlas_etrm__payments') }} as payments
    on
        invoices.invoice_id = payments.invoice_id
        and payments.external_id = applications.payment_id || ':' || applications.document_id
where
    payments.payment_id is null
    and not orders.is_held
