-- Records that did not fit their raw table and were set aside, with the reason; the newest time each was.
-- One row per system, table and record key.
select
    system as source_system,
    table_name,
    coalesce(record_key, 'unknown') as record_key,
    reason,
    payload,
    quarantined_at
from {{ source('quarantine', 'records') }}
qualify
    row_number() over (
        partition by system, table_name, coalesce(record_key, 'unknown')
        order by quarantined_at desc nulls last, payload desc nulls last
    ) = 1
