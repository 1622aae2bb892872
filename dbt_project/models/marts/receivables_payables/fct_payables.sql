-- Open and closed items of vendors: every issued bill as it stood at the end of the business date.
-- One row per bill. Drafts, bills pending approval, voided ones and those issued later are absent.
{{ config(meta={'parts': {'by': 'document_id', 'of': ['int_reconciliation__open_items']}}) }}
with counterparties as (
    select
        vendor_id_atlas_accounting as vendor_id,
        min(counterparty_id) as counterparty_id
    from {{ ref('dim_counterparties') }}
    where vendor_id_atlas_accounting is not null
    group by vendor_id_atlas_accounting
)

select
    items.document_id,
    items.document_number,
    items.vendor_bill_number,
    items.document_status,
    items.party_id as vendor_id,
    items.party_code as vendor_code,
    items.party_name as vendor_name,
    counterparties.counterparty_id,
    items.order_id,
    items.issue_date,
    items.due_date,
    items.currency_code,
    {{ money('items.amount_total', 'items.currency_code') }} as amount_total,
    {{ money('items.amount_applied', 'items.currency_code') }} as amount_applied,
    {{ money('items.amount_discount', 'items.currency_code') }} as amount_discount,
    {{ money('items.amount_open', 'items.currency_code') }} as amount_open,
    items.amount_open != 0 as is_open,
    items.days_past_due,
    items.aging_bucket,
    items.last_settlement_date,
    items.as_of_date
from {{ ref('int_reconciliation__open_items') }} as items
left join counterparties on items.party_id = counterparties.vendor_id
where items.side = 'payable'
