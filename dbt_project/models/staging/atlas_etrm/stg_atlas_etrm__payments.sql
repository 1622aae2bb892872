-- Payments as ATLAS ETRM records them, written there by accounting.
-- One row per ATLAS payment.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'payments'), ['id']) }}
)

select
    id as payment_id,
    invoice_id,
    order_id,
    {{ blank_to_null('external_id') }} as external_id,
    amount,
    payment_date,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
