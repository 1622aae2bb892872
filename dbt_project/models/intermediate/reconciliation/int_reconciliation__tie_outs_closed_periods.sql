-- The control over closed periods: what their entries moved when they were recorded, and how much of that stands
-- unchanged, less what was added since. Nothing that moved can make up for something else that did.
-- One row per closed period and currency.
with recorded as (
    select
        periods.period_start_date,
        periods.period_end_date,
        entries.currency_code,
        sum(entries.amount) as amount
    from {{ ref('int_reconciliation__closed_periods') }} as periods
    inner join {{ ref('stg_operations__closed_period_entries') }} as entries
        on periods.checksum_id = entries.checksum_id
    where periods.is_record_valid
    group by all
),

changes as (
    select
        period_start as period_start_date,
        period_end as period_end_date,
        currency_code,
        -- The whole entry counts, and one that moved nothing as 1, so that no change is lost.
        sum(greatest(coalesce(amount_then, 0), coalesce(amount_now, 0), 1)) as amount
    from {{ ref('int_reconciliation__closed_period_changes') }}
    group by all
)

select
    'closed_period_unchanged' as control_name,
    coalesce(recorded.currency_code, changes.currency_code) || '/..'
    || coalesce(recorded.period_end_date, changes.period_end_date) as scope,
    'Entries of the period when it was first seen closed' as left_label,
    coalesce(recorded.amount, 0) as left_amount,
    'Of these unchanged, less what was added' as right_label,
    coalesce(recorded.amount, 0) - coalesce(changes.amount, 0) as right_amount,
    coalesce(recorded.currency_code, changes.currency_code) as currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from recorded
full outer join changes
    on
        recorded.period_start_date = changes.period_start_date
        and recorded.period_end_date = changes.period_end_date
        and recorded.currency_code = changes.currency_code
