-- What a bank may call a payment by: the payment's own reference, or the number of a document that it settled.
-- One row per payment and reference; voided payments too.
with settled as (
    select distinct
        {{ payment_entry_id('settlements.side', 'settlements.payment_id') }} as journal_entry_id,
        coalesce(issued.document_number, settlements.document_id) as document_number
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('int_reconciliation__issued_documents') }} as issued
        on
            settlements.side = issued.side
            and settlements.document_id = issued.document_id
)

select
    {{ payment_entry_id('side', 'payment_id') }} as journal_entry_id,
    {{ payment_reference('reference_number') }} as reference
from {{ ref('int_reconciliation__payments') }}

union

select
    journal_entry_id,
    {{ payment_reference('document_number') }} as reference
from settled

union

select
    journal_entry_id,
    {{ payment_reference('reference_number') }} as reference
from {{ ref('int_posting__voided_payments') }}
