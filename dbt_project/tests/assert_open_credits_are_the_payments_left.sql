-- The credits of both agings must be the payments of `fct_open_credits`, party by party.
with aging as (
    select
        'receivable' as side,
        customer_id as party_id,
        currency_code,
        open_credits
    from {{ ref('fct_receivables_aging') }}

    union all

    select
        'payable' as side,
        vendor_id as party_id,
        currency_code,
        open_credits
    from {{ ref('fct_payables_aging') }}
),

credits as (
    select
        side,
        party_id,
        currency_code,
        sum(amount_open) as open_credits
    from {{ ref('fct_open_credits') }}
    group by side, party_id, currency_code
)

select
    aging.*,
    credits.open_credits as credits_of_payments
from aging
full outer join credits
    on aging.side = credits.side and aging.party_id = credits.party_id and aging.currency_code = credits.currency_code
where coalesce(aging.open_credits, 0) <> coalesce(credits.open_credits, 0)
