-- The day of each journal entry, and of the entry it reverses: a reversal is converted as the entry was that it takes
-- back. An order with an invoice and a bill is one entry of one day, the earlier.
-- One row per journal entry and entry that it reverses.
with entries as (
    select
        journal_entry_id,
        reverses_journal_entry_id,
        min(entry_date) as entry_date
    from (
        {{ union_posting_models(posting_models()) }} -- noqa: LT02
    ) as events
    group by journal_entry_id, reverses_journal_entry_id
),

dates as (
    select
        journal_entry_id,
        min(entry_date) as entry_date
    from entries
    group by journal_entry_id
)

select
    entries.journal_entry_id,
    entries.reverses_journal_entry_id,
    dates.entry_date,
    reversed_dates.entry_date as reversed_entry_date
from entries
inner join dates
    on entries.journal_entry_id = dates.journal_entry_id
left join dates as reversed_dates
    on entries.reverses_journal_entry_id = reversed_dates.journal_entry_id
