-- Deliveries to the vendors, each in its latest state; intents, attempts and refusals included.
-- One row per delivery.
select
    delivery_id,
    run_id,
    plan_id,
    sync_name,
    sync_key,
    operation,
    destination,
    delivery_key,
    payload_hash,
    record_label,
    order_id,
    amount,
    currency_code,
    attempt,
    status as delivery_status,
    reason,
    destination_id,
    destination_number,
    request_id,
    approval_id,
    beneficiary,
    intended_at,
    finished_at
from {{ source('raw_operations', 'deliveries') }}
