-- Control differences that a second person accepted by name, with the reason; the withdrawn ones among them.
-- One row per acceptance.
select
    acceptance_id,
    control_name,
    scope,
    difference as amount_difference,
    currency_code,
    run_id,
    measured_by,
    accepted_by,
    reason as acceptance_reason,
    accepted_at,
    withdrawn_by,
    withdrawal_reason,
    withdrawn_at
from {{ source('raw_operations', 'accepted_differences') }}
