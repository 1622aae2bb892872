-- Euro reference rates as the European Central Bank published them.
-- One row per day and currency.
with source as (
    {{ latest_version(source('raw_ecb', 'reference_rates'), ['rate_date', 'currency_code']) }}
)

select
    rate_date,
    currency_code,
    units_per_eur::decimal(18, 6) as units_per_eur
from source
where units_per_eur is not null
