-- What was sent to the vendors, or is about to be, with its outcome and reason.
-- One row per delivery, in its latest state.
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
    cast(amount as decimal(20, 4)) as amount,
    currency_code,
    cast(attempt as integer) as attempt,
    delivery_status as status,
    reason,
    destination_id,
    destination_number,
    request_id,
    approval_id,
    beneficiary,
    intended_at,
    finished_at
from {{ ref('stg_operations__deliveries') }}
