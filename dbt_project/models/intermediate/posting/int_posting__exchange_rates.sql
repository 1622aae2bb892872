-- Euro reference rates with the days on which each is the last one known, and the euro itself.
-- One row per currency and rate date.
select
    currency_code,
    rate_date,
    lead(rate_date) over (partition by currency_code order by rate_date) as next_rate_date,
    units_per_eur
from {{ ref('ecb_reference_rates') }}

union all

select
    'EUR' as currency_code,
    '1999-01-01'::date as rate_date,
    null::date as next_rate_date,
    1::decimal(18, 6) as units_per_eur
