-- What a person should look at although nothing is stopped by it.
-- One row per warning and order.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_settlement__orders',
    'int_settlement__order_items',
    'int_settlement__item_vat_treatments',
    'int_settlement__order_totals',
    'int_posting__order_documents',
]}}) }}
with orders as (
    select * from {{ ref('int_settlement__orders') }}
),

payable_items as (
    select
        items.order_id,
        count(*) as item_count
    from {{ ref('int_settlement__order_items') }} as items
    inner join orders
        on
            items.order_id = orders.order_id
            and orders.is_checked
            and orders.status_role in ('ready', 'processed')
    where items.is_in_order and items.direction = 'payable' and items.iban is null
    group by items.order_id
),

vat_contradictions as (
    select
        orders.order_id,
        'The ' || items.direction || ' lines '
        || case when bool_or(items.vat_amount <> 0) then 'carry VAT although they' else 'carry no VAT although they' end
        || ' are ' || replace(treatments.vat_treatment, '_', ' ') || ' (counterparty: '
        || replace(min(treatments.counterparty_location), '_', ' ') || ').' as message
    from orders
    inner join {{ ref('int_settlement__order_items') }} as items
        on
            orders.order_id = items.order_id
            and items.is_in_order
    inner join {{ ref('int_settlement__item_vat_treatments') }} as treatments
        on items.order_item_id = treatments.order_item_id
    where
        orders.is_checked
        and items.net_amount + items.vat_amount <> 0
        and treatments.carries_vat <> (items.vat_amount <> 0)
    group by orders.order_id, items.direction, treatments.vat_treatment
)

select
    'missing_iban' as exception_code,
    'warn' as severity,
    order_id,
    item_count || ' line(s) we have to pay name no IBAN, nor does the counterparty.' as message,
    'Set the IBAN on the counterparty in ATLAS ETRM before the payment is due.' as remedy
from payable_items

union all

select
    'posted_elsewhere_unmatched' as exception_code,
    'warn' as severity,
    orders.order_id,
    'erpCode ' || orders.erp_code || ' is the number of no invoice or bill in Atlas Accounting.' as message,
    'Check the erpCode in ATLAS ETRM; until it is found the journal lacks this order.' as remedy
from orders
left join {{ ref('int_posting__order_documents') }} as documents
    on orders.order_id = documents.order_id
where orders.is_posted_elsewhere and documents.order_id is null

union all

select
    'vat_treatment_mismatch' as exception_code,
    'warn' as severity,
    order_id,
    string_agg(message, ' ' order by message) as message,
    'Check the VAT of the lines, the country and the VAT status of the counterparty in ATLAS ETRM.' as remedy
from vat_contradictions
group by order_id

union all

select
    'nothing_to_post' as exception_code,
    'warn' as severity,
    orders.order_id,
    'All lines of the order are zero: there is nothing to book.' as message,
    'None, unless an amount is missing.' as remedy
from orders
inner join {{ ref('int_settlement__order_totals') }} as totals
    on orders.order_id = totals.order_id
where orders.is_checked and totals.gross_receivable = 0 and totals.gross_payable = 0

union all

-- A due date is no fact of the journal, and the vendor changes no issued document: what is open goes by the document.
select
    'due_date_mismatch' as exception_code,
    'warn' as severity,
    orders.order_id,
    string_agg(
        'The ' || documents.document_type || ' ' || coalesce(documents.document_number, '(unnumbered)') || ' is due on '
        || documents.due_date || ', the order on ' || orders.due_date || '.',
        ' ' order by documents.document_type
    ) as message,
    'Change the due date in Atlas Accounting, or in ATLAS ETRM; what is open goes by the document.' as remedy
from orders
inner join {{ ref('int_posting__order_documents') }} as documents
    on orders.order_id = documents.order_id
where
    documents.link = 'key'
    and documents.is_issued
    and documents.amount_due <> 0
    and documents.due_date <> orders.due_date
group by orders.order_id
