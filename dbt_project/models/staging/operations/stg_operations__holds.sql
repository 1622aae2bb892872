-- Holds by a person's word: nothing more is written for the record until somebody releases it; the released ones among
-- them.
-- One row per hold.
select
    hold_id,
    record,
    order_id,
    plan_id,
    reason as hold_reason,
    held_by,
    held_at,
    released_by,
    release_reason,
    released_at
from {{ source('raw_operations', 'holds') }}
