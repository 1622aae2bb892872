-- What a bank may call a payment by: the payment's own reference, or the number of a document that it settled.
-- One row per payment and reference that a return names; voided payments too.
with settled as (
    {{ documents_settled_by_payments() }}
),

-- Of a million payments a handful comes back.
wanted as (
    select end_to_end_id as reference
    from {{ ref('int_reconciliation__returned_amounts') }}
    where end_to_end_id is not null

    union

    select instruction_id as reference
    from {{ ref('int_reconciliation__returned_amounts') }}
    where instruction_id is not null
),

named as (
    select
        {{ payment_entry_id('side', 'payment_id') }} as journal_entry_id,
        {{ payment_reference('reference_number') }} as reference
    from {{ ref('int_reconciliation__payments') }}

    union all

    select
        journal_entry_id,
        {{ payment_reference('document_number') }} as reference
    from settled

    union all

    select
        journal_entry_id,
        {{ payment_reference('reference_number') }} as reference
    from {{ ref('int_posting__voided_payments') }}
)

select distinct
    named.journal_entry_id,
    named.reference
from named
inner join wanted
    on named.reference = wanted.reference
