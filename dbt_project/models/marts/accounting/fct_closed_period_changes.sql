-- What moved in closed periods since they were recorded: the entries behind a red `closed_period_unchanged`.
-- One row per closed period, journal entry and currency that differs.
select
    period_start,
    period_end,
    journal_entry_id,
    currency_code,
    change,
    amount_then,
    amount_now
from {{ ref('int_reconciliation__closed_period_changes') }}
