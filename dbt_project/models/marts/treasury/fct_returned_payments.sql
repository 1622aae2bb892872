-- Money that banks sent back, by Atlar's word or by a statement's, and what the books say of it.
-- One row per return: a bank transaction, or the entry of a statement where no transaction tells it.
select
    returned.record_type,
    returned.record_id,
    returned.account_id,
    accounts.account_name,
    returned.gl_account,
    returned.booking_date,
    returned.currency_code,
    returned.amount,
    returned.amount_returned,
    returned.counterparty_name,
    returned.return_reason_code,
    returned.end_to_end_id,
    returned.return_status,
    returned.journal_entry_id,
    returned.payment_date,
    returned.payment_evidence,
    returned.document_numbers
from {{ ref('int_reconciliation__returned_lines') }} as returned
left join {{ ref('stg_atlar__accounts') }} as accounts on returned.account_id = accounts.account_id
