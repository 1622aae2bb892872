-- Closed periods with what they held when a run first saw them closed and what they hold by the books; a period that
-- was reopened keeps its last record.
-- One row per period, by its first and last day.
with present as (
    select
        period_start,
        period_end,
        count(*) as entry_count,
        md5(string_agg(
            journal_entry_id || ' ' || currency_code || ' ' || entry_checksum,
            ';' order by journal_entry_id, currency_code
        )) as checksum
    from {{ ref('int_reconciliation__closed_period_entries') }}
    group by period_start, period_end
),

changes as (
    select
        period_start,
        period_end,
        count(*) as change_count
    from {{ ref('int_reconciliation__closed_period_changes') }}
    group by period_start, period_end
)

select
    periods.period_start_date as period_start,
    periods.period_end_date as period_end,
    case
        when not periods.is_closed then 'reopened'
        when not periods.is_record_valid then 'not_yet_recorded'
        when changes.change_count is not null then 'changed'
        else 'unchanged'
    end as status,
    periods.closed_since,
    periods.recorded_at,
    periods.entry_count as entry_count_then,
    coalesce(present.entry_count, 0)::integer as entry_count_now,
    periods.checksum as checksum_then,
    coalesce(present.checksum, md5('')) as checksum_now,
    coalesce(changes.change_count, 0)::integer as change_count
from {{ ref('int_reconciliation__closed_periods') }} as periods
left join present
    on
        periods.period_start_date = present.period_start
        and periods.period_end_date = present.period_end
left join changes
    on
        periods.period_start_date = changes.period_start
        and periods.period_end_date = changes.period_end
