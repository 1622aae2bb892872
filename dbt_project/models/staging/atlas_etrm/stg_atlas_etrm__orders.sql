-- Settlement orders: what one counterparty owes or is owed for one period. The role of a status is decided in
-- `int_settlement__orders`, because every instance names its own.
-- One row per order.
with source as (
    {{ latest_version(source('raw_atlas_etrm', 'orders'), ['id']) }}
)

select
    id as order_id,
    {{ blank_to_null('name') }} as order_name,
    {{ blank_to_null('description') }} as description,
    counterparty_id,
    {{ blank_to_null('order_type') }} as order_type,
    case document_type when 0 then 'invoice' when 1 then 'self_invoice' end as document_type,
    {{ blank_to_null('document_reference') }} as document_reference,
    registration_date,
    due_date,
    period_from as period_from_date,
    period_to as period_to_date,
    total_amount,
    {{ blank_to_null('status') }} as order_status,
    {{ blank_to_null('erp_code') }} as erp_code,
    {{ blank_to_null('contract_code') }} as contract_code,
    master_agreement_id,
    _landed_at as landed_at,
    _landing_file as landing_file
from source
