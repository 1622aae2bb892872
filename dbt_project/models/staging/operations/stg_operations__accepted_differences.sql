-- Control differences that a second person accepted by name, with the reason.
-- One row per control, scope and acceptance.
select
    control_name,
    scope,
    difference as amount_difference,
    currency_code,
    accepted_by,
    reason,
    accepted_at
from {{ source('raw_operations', 'accepted_differences') }}
