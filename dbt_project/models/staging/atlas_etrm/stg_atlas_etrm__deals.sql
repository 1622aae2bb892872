-- Trades, read for cross-checks and never written.
-- One row per deal.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'deals'), ['id']) }}
)

select
    id as deal_id,
    {{ blank_to_null('name') }} as deal_name,
    {{ blank_to_null('deal_type') }} as deal_type,
    {{ blank_to_null('direction') }} as trade_direction,
    {{ blank_to_null('commodity') }} as commodity,
    counterparty_id,
    master_agreement_id,
    {{ blank_to_null('status') }} as deal_status,
    {{ blank_to_null('transaction_time') }} as transaction_time,
    delivery_start as delivery_start_date,
    delivery_end as delivery_end_date,
    volume as volume_mwh,
    price as price_per_mwh,
    notional as amount_notional,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
