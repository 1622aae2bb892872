-- Payments that no document takes up yet at the end of the business date: credits of customers, prepayments to vendors.
-- One row per side and payment with something left.
select
    side,
    payment_id,
    party_id,
    party_code,
    party_name,
    payment_date,
    reference_number,
    currency_code,
    {{ money('amount_total', 'currency_code') }} as amount_total,
    {{ money('amount_applied', 'currency_code') }} as amount_applied,
    {{ money('amount_open', 'currency_code') }} as amount_open,
    as_of_date
from {{ ref('int_reconciliation__open_credits') }}
where amount_open != 0
