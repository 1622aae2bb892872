-- What each run did and how it ended.
-- One row per run.
select
    run_id,
    started_at,
    finished_at,
    profile,
    as_of_date,
    run_by,
    status as run_status,
    exit_code,
    rounds as round_count,
    landed_rows as landed_row_count,
    requests as request_count,
    planned as planned_count,
    sent as sent_count,
    rejected as rejected_count,
    unknown as unknown_count,
    held as held_count,
    seconds as duration_seconds,
    message
from {{ source('raw_operations', 'runs') }}
