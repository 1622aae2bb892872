-- Payments that no document takes up yet at the end of the business date (credits of customers, prepayments to
-- vendors), and credit notes that are not used up: documents below zero.
-- One row per side and payment or credit note with something left.
select
    side,
    'payment' as credit_type,
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

union all

select
    side,
    'credit_note' as credit_type,
    document_id as payment_id,
    party_id,
    party_code,
    party_name,
    issue_date as payment_date,
    document_number as reference_number,
    currency_code,
    {{ money('-amount_total', 'currency_code') }} as amount_total,
    {{ money('-amount_applied', 'currency_code') }} as amount_applied,
    {{ money('-amount_open', 'currency_code') }} as amount_open,
    as_of_date
from {{ ref('int_reconciliation__open_items') }}
where is_credit_note and amount_open != 0
