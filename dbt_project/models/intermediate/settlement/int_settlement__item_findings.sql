-- What is wrong with single settlement lines of checked orders.
-- One row per finding and order item.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_settlement__order_items',
    'int_settlement__orders',
    'int_posting__order_documents',
    'int_posting__corrections',
]}}) }}
with replaced as (
    -- A document that is to be made anew: its revision is made of the lines as they are.
    select
        order_id,
        direction
    from {{ ref('int_posting__corrections') }}
    where blocked_by is null and cause <> 'refused'
),

items as (
    select items.*
    from {{ ref('int_settlement__order_items') }} as items
    inner join {{ ref('int_settlement__orders') }} as orders
        on items.order_id = orders.order_id
    -- What is posted is posted: a side whose document is issued no longer depends on its lines.
    left join {{ ref('int_posting__order_documents') }} as documents
        on
            items.order_id = documents.order_id
            and documents.document_type = case items.direction when 'receivable' then 'invoice' else 'bill' end
            and documents.is_issued
    left join replaced
        on
            items.order_id = replaced.order_id
            and items.direction = replaced.direction
    where
        items.is_in_order
        and orders.is_checked
        and (documents.order_id is null or replaced.order_id is not null)
),

chart as (
    select
        account_number,
        max(currency_code) as currency_code,
        bool_or(is_active) as is_active
    from {{ ref('stg_atlas_accounting__accounts') }}
    where account_number is not null
    group by account_number
)

select
    'missing_gl_account' as exception_code,
    'hold' as severity,
    order_id,
    order_item_id,
    'Neither the line nor its counterparty ' || coalesce(counterparty_id::varchar, '(none)')
    || ' names a GL account.' as message,
    'Set the GL account on the line or on the counterparty in ATLAS ETRM.' as remedy
from items
where gl_account is null

union all

select
    'unknown_gl_account' as exception_code,
    'hold' as severity,
    items.order_id,
    items.order_item_id,
    'GL account ' || items.gl_account || ' (from the ' || items.gl_account_source || ') '
    || case
        when chart.account_number is null then 'is not in the chart of accounts.'
        when not chart.is_active then 'takes no postings any more.'
        else 'is kept in ' || chart.currency_code || ', the order in ' || items.currency_code || '.'
    end as message,
    'Correct the GL account in ATLAS ETRM, or add the account in Atlas Accounting.' as remedy
from items
left join chart
    on items.gl_account = chart.account_number
where
    items.gl_account is not null
    -- Without any chart there is nothing to compare with.
    and (select count(any_account.account_number) from chart as any_account) > 0
    and (
        chart.account_number is null
        or not chart.is_active
        or coalesce(chart.currency_code, items.currency_code) <> items.currency_code
    )

union all

select
    'missing_amount' as exception_code,
    'hold' as severity,
    order_id,
    order_item_id,
    'The line has no amount or no direction (cashflow).' as message,
    'Complete the line in ATLAS ETRM.' as remedy
from items
where amount_signed is null or direction is null

union all

select
    'amount_out_of_range' as exception_code,
    'hold' as severity,
    order_id,
    order_item_id,
    'The amount or the VAT of the line is beyond anything money is kept in.' as message,
    'Correct the line in ATLAS ETRM.' as remedy
from items
where amount_signed is not null and (net_amount is null or vat_amount is null)

union all

select
    'sign_conflict' as exception_code,
    'hold' as severity,
    order_id,
    order_item_id,
    case
        when is_vat_sign_conflicting then 'The VAT contradicts the sign of its net amount.'
        else 'An Active line below zero: money in, or money out?'
    end as message,
    'Correct the sign or the cashflow of the line in ATLAS ETRM.' as remedy
from items
where is_vat_sign_conflicting or (direction = 'receivable' and line_sign < 0)
