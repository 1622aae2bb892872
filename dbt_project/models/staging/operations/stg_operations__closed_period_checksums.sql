-- What each closed period held when a run first saw it closed; closed again after a reopening, it is recorded again.
-- One row per record of a period.
select
    checksum_id,
    period_start as period_start_date,
    period_end as period_end_date,
    recorded_at,
    entry_count,
    checksum
from {{ source('raw_operations', 'closed_period_checksums') }}
