-- What banks charged and what became of it: posted, booked by hand, waiting or held, and which documents a charge that
-- was kept back leaves open.
-- One row per bank line with a charge, from the first day of the policy `bank_fee` to the business date.
select
    charges.journal_entry_id,
    charges.record_type,
    charges.record_id,
    charges.account_id,
    accounts.account_name,
    charges.gl_account,
    charges.booking_date,
    charges.currency_code,
    {{ money('charges.amount_of_line', 'charges.currency_code') }} as amount_of_line,
    charges.amount as amount_charged,
    charges.is_deducted,
    charges.bearer,
    charges.charge_status,
    coalesce(charges.manual_entry_id, charges.net_entry_id) as other_journal_entry_id,
    left_open.amount_sent,
    left_open.amount_open,
    left_open.document_numbers as documents_open,
    exceptions.exception_code
from {{ ref('int_posting__bank_charges') }} as charges
left join {{ ref('stg_atlar__accounts') }} as accounts
    on charges.account_id = accounts.account_id
left join {{ ref('int_posting__charges_left_open') }} as left_open
    on charges.record_id = left_open.record_id
left join {{ ref('int_posting__bank_charge_exceptions') }} as exceptions
    on charges.record_id = exceptions.record_id
