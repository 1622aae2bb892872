-- Settlement lines with the vendor's signs: Passive may arrive negative or positive (contract atlas-etrm, section 4.5).
-- One row per order item.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'order_items'), ['id']) }}
)

select
    id as order_item_id,
    order_id,
    deal_id,
    {{ blank_to_null('deal_name') }} as deal_name,
    counterparty_id,
    case status when 0 then 'calculated' when 1 then 'edited' when 2 then 'in_order' end as item_status,
    case cashflow when 0 then 'active' when 1 then 'passive' end as cashflow,
    amount,
    vat,
    volume as volume_mwh,
    mtm as amount_mtm,
    pnl as amount_pnl,
    start_compensation as start_compensation_date,
    end_compensation as end_compensation_date,
    due_date,
    {{ blank_to_null('gl_account') }} as gl_account,
    {{ compact_code('iban') }} as iban,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
