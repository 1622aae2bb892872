-- What a person should look at although nothing is stopped by it.
-- One row per warning and order.
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
    orders.order_id,
    'The lines carry VAT although the counterparty stands ' || replace(treatments.counterparty_location, '_', ' ')
    || ' (' || treatments.vat_treatment || ').' as message,
    'Check the VAT of the lines and the country of the counterparty in ATLAS ETRM.' as remedy
from orders
inner join {{ ref('int_settlement__order_totals') }} as totals
    on orders.order_id = totals.order_id
inner join {{ ref('int_settlement__vat_treatments') }} as treatments
    on orders.order_id = treatments.order_id
where orders.is_checked and not treatments.may_carry_vat and totals.vat_receivable + totals.vat_payable <> 0

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
