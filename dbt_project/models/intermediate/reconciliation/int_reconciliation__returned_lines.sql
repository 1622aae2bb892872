-- Money that a bank sent back, and what the books say of it: the payment was voided, the return was booked as a
-- movement of its own, the payment still stands as if the money had stayed, or neither of the two was ever booked.
-- One row per return: a bank transaction, or the entry of a statement where no transaction tells it.
with named as (
    {{ payments_named_by_returns() }}
),

-- What may answer for a return in the books, and the days on which it may: a payment that was voided, within the eight
-- weeks in which a direct debit may be returned; a movement booked for the return itself, within ten days.
answers as (
    select
        voided.journal_entry_id,
        1 as preference,
        voided.payment_date as entry_date,
        voided.payment_date - 10 as first_date,
        voided.payment_date + 62 as last_date,
        accounts.account_number as gl_account,
        voided.currency_code,
        case voided.side when 'receivable' then -voided.amount else voided.amount end as amount
    from {{ ref('int_posting__voided_payments') }} as voided
    inner join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on voided.account_id = accounts.account_id

    union all

    select
        journal_entry_id,
        2 as preference,
        entry_date,
        entry_date - 10 as first_date,
        entry_date + 10 as last_date,
        gl_account,
        currency_code,
        amount
    from {{ ref('int_posting__bank_movements') }}
),

numbered_answers as (
    select
        *,
        row_number() over (
            partition by gl_account, currency_code, amount, preference
            order by entry_date asc, journal_entry_id asc
        ) as place
    from answers
),

-- One answers for one, by its reference or the nearest first; of equally near ones each its own by the order of their
-- days. Where the bank names a payment that stands, the void of another one answers for another return.
answered as (
    select
        amounts.record_id,
        answers.journal_entry_id,
        answers.preference,
        answers.amount
    from {{ ref('int_reconciliation__returned_amounts') }} as amounts
    inner join numbered_answers as answers
        on
            amounts.gl_account = answers.gl_account
            and amounts.currency_code = answers.currency_code
            and amounts.amount_in_books = answers.amount
            and amounts.booking_date between answers.first_date and answers.last_date
    left join named
        on
            amounts.record_id = named.record_id
            and answers.journal_entry_id = named.journal_entry_id
    left join {{ ref('int_reconciliation__returned_payments') }} as standing
        on
            amounts.record_id = standing.record_id
            and standing.evidence = 'reference'
    where answers.preference = 2 or named.record_id is not null or standing.record_id is null
    qualify
        row_number() over (
            partition by amounts.record_id
            order by
                named.record_id is null asc,
                answers.preference asc,
                abs(amounts.booking_date - answers.entry_date) asc,
                abs(amounts.place - answers.place) asc,
                answers.journal_entry_id asc
        ) = 1
        and row_number() over (
            partition by answers.journal_entry_id
            order by
                named.record_id is null asc,
                abs(amounts.booking_date - answers.entry_date) asc,
                abs(amounts.place - answers.place) asc,
                amounts.record_id asc
        ) = 1
),

settled as (
    {{ documents_settled_by_payments() }}
),

documents as (
    select
        journal_entry_id,
        string_agg(document_number, ', ' order by document_number) as document_numbers
    from settled
    group by journal_entry_id
)

select
    returned.record_type,
    returned.record_id,
    returned.transaction_id,
    returned.account_id,
    returned.booking_date,
    {{ money('returned.amount', 'returned.currency_code') }} as amount,
    {{ money('returned.amount_returned', 'returned.currency_code') }} as amount_returned,
    returned.currency_code,
    returned.counterparty_name,
    returned.return_reason_code,
    returned.end_to_end_id,
    returned.instruction_id,
    returned.gl_account,
    case
        when returned.is_told_in_parts then 'told_in_parts'
        when answered.preference = 1 then 'payment_voided'
        when answered.preference = 2 then 'booked'
        when returned.is_reconciled then 'reconciled'
        when standing.record_id is not null then 'payment_stands'
        else 'never_booked'
    end as return_status,
    coalesce(
        answered.journal_entry_id,
        case when not returned.is_reconciled then standing.journal_entry_id end
    ) as journal_entry_id,
    answered.amount as amount_answered,
    standing.entry_date as payment_date,
    standing.evidence as payment_evidence,
    coalesce(standing.payment_count, 0) as payment_count,
    documents.document_numbers
from {{ ref('int_reconciliation__returns') }} as returned
left join answered
    on returned.record_id = answered.record_id
left join {{ ref('int_reconciliation__returned_payments') }} as standing
    on returned.record_id = standing.record_id
left join documents
    on standing.journal_entry_id = documents.journal_entry_id
