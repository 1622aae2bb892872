-- Invoices as ATLAS ETRM records them, written there by accounting.
-- One row per ATLAS invoice.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'invoices'), ['id']) }}
)

select
    id as invoice_id,
    {{ blank_to_null('external_id') }} as external_id,
    {{ blank_to_null('invoice_number') }} as invoice_number,
    order_id,
    amount,
    invoice_date,
    due_date,
    coalesce(is_paid, false) as is_paid,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
