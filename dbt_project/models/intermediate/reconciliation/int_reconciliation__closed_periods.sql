-- The periods that are closed, and those that were recorded as closed before: months up to the last closed day, of
-- which the first begins with the books and the last ends with that day.
-- One row per period, by its first and last day.
with closings as (
    select * from {{ ref('int_posting__closings') }}
),

closed as (
    select max(closed_through_date) as closed_through_date
    from closings
    where known_until = '9999-12-31'::timestamptz
),

first_entry as (
    select min(entry_date) as entry_date
    from {{ ref('int_posting__journal_lines') }}
    where is_posted
),

months as (
    select
        case
            when month.month_start = date_trunc('month', first_entry.entry_date) then '0001-01-01'::date
            else month.month_start::date
        end as period_start_date,
        least(last_day(month.month_start::date), closed.closed_through_date) as period_end_date
    from closed
    cross join first_entry
    cross join unnest(
        generate_series(
            date_trunc('month', first_entry.entry_date)::timestamp,
            closed.closed_through_date::timestamp,
            interval '1 month'
        )
    ) as month (month_start)
),

periods as (
    select
        period_start_date,
        period_end_date
    from months
    union
    select
        period_start_date,
        period_end_date
    from {{ ref('stg_operations__closed_period_checksums') }}
),

-- Closed without interruption since the first moment after the last one at which it was open.
since as (
    select
        periods.period_start_date,
        periods.period_end_date,
        max(closings.known_until) filter (
            where closings.closed_through_date is null or closings.closed_through_date < periods.period_end_date
        ) as closed_since
    from periods
    cross join closings
    group by periods.period_start_date, periods.period_end_date
)

select
    since.period_start_date,
    since.period_end_date,
    coalesce(closed.closed_through_date >= since.period_end_date, false) as is_closed,
    case when closed.closed_through_date >= since.period_end_date then since.closed_since end as closed_since,
    records.checksum_id,
    records.recorded_at,
    records.entry_count,
    records.checksum,
    -- A record made before the period was reopened says nothing about the books since.
    coalesce(
        records.recorded_at >= since.closed_since and closed.closed_through_date >= since.period_end_date, false
    ) as is_record_valid
from since
cross join closed
left join {{ ref('stg_operations__closed_period_checksums') }} as records
    on
        since.period_start_date = records.period_start_date
        and since.period_end_date = records.period_end_date
qualify
    row_number() over (
        partition by since.period_start_date, since.period_end_date
        order by records.recorded_at desc nulls last, records.checksum_id desc nulls last
    ) = 1
