-- The journal entries of a closed period as they were when it was recorded.
-- One row per record of a period, journal entry and currency.
select
    checksum_id,
    journal_entry_id,
    currency_code,
    entry_checksum,
    amount
from {{ source('raw_operations', 'closed_period_entries') }}
