-- Euro reference rates with the days on which each is the last one known, and the euro itself: the rate landed from
-- the European Central Bank, else the one shipped with Tieout.
-- One row per currency and rate date.
with landed as (
    select
        currency_code,
        rate_date,
        units_per_eur
    from {{ ref('stg_ecb__reference_rates') }}
),

shipped as (
    select
        seeded.currency_code,
        seeded.rate_date,
        seeded.units_per_eur
    from {{ ref('ecb_reference_rates') }} as seeded
    left join landed
        on seeded.currency_code = landed.currency_code and seeded.rate_date = landed.rate_date
    where landed.currency_code is null
),

known as (
    select * from landed
    union all
    select * from shipped
)

select
    currency_code,
    rate_date,
    lead(rate_date) over (partition by currency_code order by rate_date) as next_rate_date,
    units_per_eur
from known

union all

select
    'EUR' as currency_code,
    '1999-01-01'::date as rate_date,
    null::date as next_rate_date,
    1::decimal(18, 6) as units_per_eur
