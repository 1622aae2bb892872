-- What each run read, wrote and held, and how it ended.
-- One row per run.
select
    run_id,
    started_at,
    finished_at,
    profile,
    as_of_date,
    run_by,
    run_status as status,
    cast(exit_code as integer) as exit_code,
    cast(round_count as bigint) as rounds,
    cast(landed_row_count as bigint) as landed_rows,
    cast(request_count as bigint) as requests,
    cast(planned_count as bigint) as planned,
    cast(sent_count as bigint) as sent,
    cast(rejected_count as bigint) as rejected,
    cast(unknown_count as bigint) as unknown,
    cast(held_count as bigint) as held,
    cast(duration_seconds as decimal(12, 3)) as seconds,
    message
from {{ ref('stg_operations__runs') }}
