-- Money that a bank sent back, and what the books say of it: the payment was voided, the return was booked as a
-- movement of its own, the payment still stands as if the money had stayed, or neither of the two was ever booked.
-- One row per returned bank transaction, by Atlar's word or by a statement's.
with told_by_statements as (
    select distinct
        account_id,
        booking_date,
        currency_code,
        amount
    from {{ ref('stg_atlar__bank_statement_entries') }}
    where is_return
),

returned as (
    select
        transactions.transaction_id,
        transactions.booking_date,
        transactions.amount,
        transactions.currency_code,
        transactions.counterparty_name,
        transactions.return_reason_code,
        -- What somebody reconciled in Atlar has been dealt with.
        coalesce(transactions.reconciliation_status, '') = 'RECONCILED' as is_reconciled,
        accounts.gl_account,
        row_number() over (
            partition by accounts.gl_account, transactions.currency_code, transactions.amount
            order by transactions.booking_date asc, transactions.transaction_id asc
        ) as place
    from {{ ref('stg_atlar__transactions') }} as transactions
    left join {{ ref('int_posting__bank_accounts') }} as accounts
        on transactions.account_id = accounts.account_id
    left join told_by_statements
        on
            transactions.account_id = told_by_statements.account_id
            and transactions.booking_date = told_by_statements.booking_date
            and transactions.currency_code = told_by_statements.currency_code
            and transactions.amount = told_by_statements.amount
    where transactions.is_returned or told_by_statements.account_id is not null
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

-- One answers for one, the nearest first; of equally near ones each its own by the order of their days.
answered as (
    select
        returned.transaction_id,
        answers.journal_entry_id,
        answers.preference
    from returned
    inner join numbered_answers as answers
        on
            returned.gl_account = answers.gl_account
            and returned.currency_code = answers.currency_code
            and returned.amount = answers.amount
            and returned.booking_date between answers.first_date and answers.last_date
    qualify
        row_number() over (
            partition by returned.transaction_id
            order by
                answers.preference asc,
                abs(returned.booking_date - answers.entry_date) asc,
                abs(returned.place - answers.place) asc,
                answers.journal_entry_id asc
        ) = 1
        and row_number() over (
            partition by answers.journal_entry_id
            order by
                abs(returned.booking_date - answers.entry_date) asc,
                abs(returned.place - answers.place) asc,
                returned.transaction_id asc
        ) = 1
),

-- The payment that came back: the last one of that amount.
standing as (
    select
        returned.transaction_id,
        count(*) as payment_count,
        max_by(movements.journal_entry_id, (movements.entry_date, movements.journal_entry_id)) as journal_entry_id,
        max(movements.entry_date) as entry_date
    from returned
    inner join {{ ref('int_posting__bank_movements') }} as movements
        on
            returned.gl_account = movements.gl_account
            and returned.currency_code = movements.currency_code
            and returned.amount = -movements.amount
            and not movements.is_manual
            and returned.booking_date between movements.entry_date - 10 and movements.entry_date + 62
    group by returned.transaction_id
),

documents as (
    select
        {{ payment_entry_id('settlements.side', 'settlements.payment_id') }} as journal_entry_id,
        string_agg(
            distinct coalesce(issued.document_number, settlements.document_id),
            ', ' order by coalesce(issued.document_number, settlements.document_id)
        ) as document_numbers
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('int_reconciliation__issued_documents') }} as issued
        on
            settlements.side = issued.side
            and settlements.document_id = issued.document_id
    group by settlements.side, settlements.payment_id
)

select
    returned.transaction_id,
    returned.booking_date,
    {{ money('returned.amount', 'returned.currency_code') }} as amount,
    returned.currency_code,
    returned.counterparty_name,
    returned.return_reason_code,
    returned.gl_account,
    case
        when answered.preference = 1 then 'payment_voided'
        when answered.preference = 2 then 'booked'
        when returned.is_reconciled then 'reconciled'
        when standing.transaction_id is not null then 'payment_stands'
        else 'never_booked'
    end as return_status,
    coalesce(
        answered.journal_entry_id,
        case when not returned.is_reconciled then standing.journal_entry_id end
    ) as journal_entry_id,
    standing.entry_date as payment_date,
    coalesce(standing.payment_count, 0) as payment_count,
    documents.document_numbers
from returned
left join answered
    on returned.transaction_id = answered.transaction_id
left join standing
    on returned.transaction_id = standing.transaction_id
left join documents
    on standing.journal_entry_id = documents.journal_entry_id
