-- Charges kept back from a payment that the books took without them: what the payment should say if the charge is ours,
-- and what its documents stay open by meanwhile.
-- One row per bank line whose charge is left open.
with settlements as (
    select distinct
        side,
        payment_id,
        document_id,
        {{ payment_entry_id('side', 'payment_id') }} as journal_entry_id
    from {{ ref('int_reconciliation__settlements') }}
)

select
    charges.record_id,
    charges.net_entry_id,
    {{ money('charges.amount_of_line + charges.amount', 'min(charges.currency_code)', or_null=true) }} as amount_sent,
    string_agg(
        coalesce(issued.document_number, issued.document_id) || ' by '
        || {{ minor_unit_text('issued.amount_due', 'issued.currency_code') }},
        ', ' order by issued.document_number asc nulls last, issued.document_id asc
    ) as document_numbers,
    {{ money('coalesce(sum(issued.amount_due), 0)', 'min(charges.currency_code)', or_null=true) }} as amount_open
from {{ ref('int_posting__bank_charges') }} as charges
left join settlements
    on charges.net_entry_id = settlements.journal_entry_id
left join {{ ref('int_reconciliation__issued_documents') }} as issued
    on
        settlements.side = issued.side
        and settlements.document_id = issued.document_id
        and issued.amount_due > 0
where charges.charge_status = 'left_open'
group by charges.record_id, charges.net_entry_id, charges.amount_of_line, charges.amount
