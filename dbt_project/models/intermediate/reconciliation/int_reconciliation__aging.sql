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
        {{ open_or_credit('amount_open', 'currency_code', 'is_credit_note') }},
        aging_bucket
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
        {{ money('amount_open', 'currency_code') }} as amount_credit,
        null as aging_bucket
    from {{ ref('int_reconciliation__open_credits') }}
)

select
    side,
    party_id,
    party_code,
    party_name,
    currency_code,
    as_of_date,
    {{ aging_sums() }}
from items
group by side, party_id, party_code, party_name, currency_code, as_of_date
