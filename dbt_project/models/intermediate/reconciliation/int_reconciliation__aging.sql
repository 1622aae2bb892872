-- Open items by age and open credits, per party.
-- One row per side, party and currency that ever had an issued document or a payment by the business date.
with items as (
    select
        side,
        party_id,
        party_code,
        party_name,
        currency_code,
        as_of_date,
        {{ money('amount_open', 'currency_code') }} as amount_open,
        aging_bucket,
        0 as amount_credit
    from {{ ref('int_reconciliation__open_items') }}

    union all

    select
        side,
        party_id,
        party_code,
        party_name,
        currency_code,
        as_of_date,
        0 as amount_open,
        null as aging_bucket,
        {{ money('amount_open', 'currency_code') }} as amount_credit
    from {{ ref('int_reconciliation__open_credits') }}
)

select
    side,
    party_id,
    party_code,
    party_name,
    currency_code,
    as_of_date,
    coalesce(sum(amount_open) filter (where aging_bucket = 'not_due'), 0) as not_due,
    coalesce(sum(amount_open) filter (where aging_bucket = '1_30'), 0) as days_1_30,
    coalesce(sum(amount_open) filter (where aging_bucket = '31_60'), 0) as days_31_60,
    coalesce(sum(amount_open) filter (where aging_bucket = '61_90'), 0) as days_61_90,
    coalesce(sum(amount_open) filter (where aging_bucket = '91_120'), 0) as days_91_120,
    coalesce(sum(amount_open) filter (where aging_bucket = 'over_120'), 0) as days_over_120,
    sum(amount_open) as total_open,
    sum(amount_credit) as open_credits,
    sum(amount_open) - sum(amount_credit) as balance
from items
group by side, party_id, party_code, party_name, currency_code, as_of_date
