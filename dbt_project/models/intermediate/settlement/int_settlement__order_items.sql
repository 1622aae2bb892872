-- Settlement lines resolved: direction from cashflow, amounts without sign, VAT as an amount, GL account and IBAN
-- from the line, else from the counterparty. Lines of every status; only `in_order` ones are posted.
-- One row per order item.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['stg_atlas_etrm__order_items', 'stg_atlas_etrm__orders']}}) }}
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

signed as (
    select
        items.*,
        parameters.currency_code,
        case
            when parameters.item_vat = 'amount' then coalesce(items.vat, 0)
            -- A product without room for its digits is none: the line is held (`amount_out_of_range`).
            when abs(items.amount) < 1000000000000000 and abs(coalesce(items.vat, 0)) < 1000
                then cast(items.amount * coalesce(items.vat, 0) * 0.01 as decimal(38, 10))
        end as vat_signed,
        -- As a rate the VAT has no sign of its own to compare, but below zero it means nothing.
        parameters.item_vat = 'rate' and coalesce(items.vat, 0) < 0 as is_vat_rate_negative,
        coalesce(items.counterparty_id, orders.counterparty_id) as effective_counterparty_id,
        orders.counterparty_id as order_counterparty_id
    from {{ ref('stg_atlas_etrm__order_items') }} as items
    cross join parameters
    left join {{ ref('stg_atlas_etrm__orders') }} as orders
        on items.order_id = orders.order_id
)

select
    signed.order_item_id,
    signed.order_id,
    signed.effective_counterparty_id as counterparty_id,
    signed.order_counterparty_id,
    signed.deal_id,
    signed.deal_name,
    signed.item_status,
    coalesce(signed.item_status = 'in_order', false) as is_in_order,
    signed.cashflow,
    case signed.cashflow when 'active' then 'receivable' when 'passive' then 'payable' end as direction,
    signed.amount as amount_signed,
    signed.vat_signed,
    -- A line of VAT alone has the sign of its VAT.
    cast(coalesce(nullif(sign(signed.amount), 0), sign(signed.vat_signed)) as integer) as line_sign,
    signed.is_vat_rate_negative
    or coalesce(sign(signed.amount) * sign(signed.vat_signed) < 0, false) as is_vat_sign_conflicting,
    abs(signed.amount) as net_amount_unrounded,
    abs(signed.vat_signed) as vat_amount_unrounded,
    {{ money('abs(signed.amount)', 'signed.currency_code', or_null=true) }} as net_amount,
    {{ money('abs(signed.vat_signed)', 'signed.currency_code', or_null=true) }} as vat_amount,
    signed.currency_code,
    signed.volume_mwh,
    signed.amount_mtm,
    signed.amount_pnl,
    signed.start_compensation_date,
    signed.end_compensation_date,
    signed.due_date,
    coalesce(signed.gl_account, counterparties.gl_account) as gl_account,
    case
        when signed.gl_account is not null then 'item'
        when counterparties.gl_account is not null then 'counterparty'
    end as gl_account_source,
    coalesce(signed.iban, counterparties.iban) as iban,
    case
        when signed.iban is not null then 'item'
        when counterparties.iban is not null then 'counterparty'
    end as iban_source
from signed
left join {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    on signed.effective_counterparty_id = counterparties.counterparty_id
