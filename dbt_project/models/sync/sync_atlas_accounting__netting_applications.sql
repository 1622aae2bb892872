-- Applying the receivable side of an offset by agreement to the invoices of its due date, oldest first.
-- One row per payment received and invoice it is still to be applied to.
with open_invoices as (
    select
        nettings.reference_number,
        nettings.agreement_id,
        nettings.due_date,
        nettings.payment_id,
        nettings.amount_unapplied,
        nettings.currency_code,
        issued.document_id,
        issued.document_number,
        issued.order_id,
        issued.amount_due,
        sum(issued.amount_due) over (
            partition by nettings.reference_number
            order by issued.issue_date asc, issued.document_id asc
            rows between unbounded preceding and current row
        ) - issued.amount_due as amount_before
    from {{ ref('int_posting__nettings') }} as nettings
    inner join {{ ref('int_reconciliation__issued_documents') }} as issued
        on
            nettings.customer_id = issued.party_id
            and issued.side = 'receivable'
            and nettings.currency_code = issued.currency_code
            and nettings.due_date = issued.due_date
            and issued.amount_due > 0
            and nettings.payment_date >= issued.issue_date
    left join {{ ref('int_settlement__order_holds') }} as holds
        on issued.order_id = holds.order_id
    where nettings.amount_unapplied > 0 and holds.order_id is null
)

select
    'netting:' || reference_number || ':' || document_id as sync_key,
    'apply' as operation,
    'offset ' || agreement_id || ' of ' || due_date || ' applied to ' || coalesce(document_number, document_id)
        as record_label,
    order_id,
    payment_id as destination_id,
    null::varchar as expected_version,
    least(amount_due, amount_unapplied - amount_before)::decimal(20, 4) as amount,
    currency_code,
    json_object(
        'invoice_id', document_id,
        'amount', {{ minor_unit_text('least(amount_due, amount_unapplied - amount_before)', 'currency_code') }}
    )::varchar as payload,
    null::varchar as current_values
from open_invoices
where amount_unapplied > amount_before
