-- Days for which the bank's end-of-day report is in: all bookings of the day are listed.
-- One row per account and day.
with source as (
    {{ latest_version(source('raw_atlar', 'end_of_day_summaries'), ['account_id', 'date']) }}
)

select
    account_id,
    date as summary_date,
    transaction_count,
    created as created_at
from source
