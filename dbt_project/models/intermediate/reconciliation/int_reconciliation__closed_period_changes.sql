-- What moved in closed periods since they were recorded: what a red `closed_period_unchanged` is made of.
-- One row per closed period, journal entry and currency that differs.
with recorded as (
    select
        periods.period_start_date,
        periods.period_end_date,
        entries.journal_entry_id,
        entries.currency_code,
        entries.entry_checksum,
        entries.amount
    from {{ ref('int_reconciliation__closed_periods') }} as periods
    inner join {{ ref('stg_operations__closed_period_entries') }} as entries
        on periods.checksum_id = entries.checksum_id
    where periods.is_record_valid
),

present as (
    select
        entries.period_start as period_start_date,
        entries.period_end as period_end_date,
        entries.journal_entry_id,
        entries.currency_code,
        entries.entry_checksum,
        entries.amount
    from {{ ref('int_reconciliation__closed_period_entries') }} as entries
    inner join {{ ref('int_reconciliation__closed_periods') }} as periods
        on
            entries.period_start = periods.period_start_date
            and entries.period_end = periods.period_end_date
    where periods.is_record_valid
)

select
    coalesce(recorded.period_start_date, present.period_start_date) as period_start,
    coalesce(recorded.period_end_date, present.period_end_date) as period_end,
    coalesce(recorded.journal_entry_id, present.journal_entry_id) as journal_entry_id,
    coalesce(recorded.currency_code, present.currency_code) as currency_code,
    case
        when present.journal_entry_id is null then 'removed'
        when recorded.journal_entry_id is null then 'added'
        else 'changed'
    end as change,
    recorded.amount as amount_then,
    present.amount as amount_now
from recorded
full outer join present
    on
        recorded.period_start_date = present.period_start_date
        and recorded.period_end_date = present.period_end_date
        and recorded.journal_entry_id = present.journal_entry_id
        and recorded.currency_code = present.currency_code
where recorded.entry_checksum is distinct from present.entry_checksum
