-- Entries of bank statements by which money came back: by the file's word (a return reason, a reversal) or by code
-- (seed `bank_return_codes`), but for charges. Each with the Atlar transaction that is the same line of the bank
-- (account, currency, day and amount, one by one), or that tells its whole batch in one sum.
-- One row per entry of a statement by which money came back.
with entries as (
    select
        entries.connection_id,
        entries.bank_statement_id,
        entries.entry_number,
        coalesce(entries.statement_line, entries.entry_number) as statement_line,
        entries.account_id,
        -- Neither day is one that every bank tells.
        coalesce(entries.booking_date, entries.value_date, statements.statement_date) as booking_date,
        entries.currency_code,
        entries.amount,
        -- Kept back from a return, a charge makes what arrives less, and what is taken more, than the payment was.
        entries.amount + coalesce(entries.amount_charges, 0) as amount_returned,
        entries.counterparty_name,
        coalesce(entries.return_reason_code, entries.text_key_extension) as return_reason_code,
        {{ payment_reference('entries.end_to_end_id') }} as end_to_end_id,
        {{ payment_reference('entries.instruction_id') }} as instruction_id,
        (
            entries.is_return
            or entries.is_reversal
            or {{ is_bank_return(
                "split_part(entries.bank_transaction_code, '/', 3)", 'entries.bank_transaction_code', 'entries.gvc'
            ) }}
        )
        and not {{ is_bank_fee(
            "split_part(entries.bank_transaction_code, '/', 3)", 'entries.bank_transaction_code', 'entries.gvc'
        ) }} as is_returned
    from {{ ref('stg_atlar__bank_statement_entries') }} as entries
    left join {{ ref('stg_atlar__bank_statements') }} as statements
        on
            entries.connection_id = statements.connection_id
            and entries.bank_statement_id = statements.bank_statement_id
),

transactions as (
    select
        transactions.transaction_id,
        transactions.account_id,
        transactions.booking_date,
        transactions.currency_code,
        transactions.amount,
        {{ payment_reference('transactions.end_to_end_id') }} as end_to_end_id,
        {{ is_returned_transaction('transactions') }} as is_returned
    from {{ ref('stg_atlar__transactions') }} as transactions
),

-- A batch that the statement tells payment by payment, and Atlar in one sum.
batches as (
    select
        connection_id,
        bank_statement_id,
        statement_line,
        account_id,
        booking_date,
        currency_code,
        sum(amount) as amount,
        row_number() over (
            partition by account_id, booking_date, currency_code, sum(amount)
            order by bank_statement_id asc, connection_id asc, statement_line asc
        ) as place
    from entries
    group by connection_id, bank_statement_id, statement_line, account_id, booking_date, currency_code
    having count(*) > 1 and bool_or(is_returned)
),

numbered_transactions as (
    select
        *,
        row_number() over (
            partition by account_id, booking_date, currency_code, amount
            order by is_returned desc, transaction_id asc
        ) as place
    from transactions
),

sums_in_atlar as (
    select
        batches.connection_id,
        batches.bank_statement_id,
        batches.statement_line,
        transactions.transaction_id
    from batches
    inner join numbered_transactions as transactions
        on
            batches.account_id = transactions.account_id
            and batches.booking_date = transactions.booking_date
            and batches.currency_code = transactions.currency_code
            and batches.amount = transactions.amount
            and batches.place = transactions.place
),

-- Lines of the amounts in question alone: which of two equal lines came back, the others decide with.
amounts_in_question as (
    select distinct
        account_id,
        currency_code,
        booking_date,
        amount
    from entries
    where is_returned
),

lines as (
    select
        entries.*,
        sums_in_atlar.transaction_id as sum_transaction_id,
        row_number() over (
            partition by
                sums_in_atlar.transaction_id is null,
                entries.account_id,
                entries.currency_code,
                entries.booking_date,
                entries.amount
            order by
                entries.is_returned desc,
                entries.bank_statement_id asc,
                entries.connection_id asc,
                entries.entry_number asc
        ) as place
    from entries
    inner join amounts_in_question
        on
            entries.account_id = amounts_in_question.account_id
            and entries.currency_code = amounts_in_question.currency_code
            and entries.booking_date = amounts_in_question.booking_date
            and entries.amount = amounts_in_question.amount
    left join sums_in_atlar
        on
            entries.connection_id = sums_in_atlar.connection_id
            and entries.bank_statement_id = sums_in_atlar.bank_statement_id
            and entries.statement_line = sums_in_atlar.statement_line
),

single_transactions as (
    select
        transactions.*,
        row_number() over (
            partition by
                transactions.account_id, transactions.booking_date, transactions.currency_code, transactions.amount
            order by transactions.is_returned desc, transactions.transaction_id asc
        ) as place
    from transactions
    left join sums_in_atlar
        on transactions.transaction_id = sums_in_atlar.transaction_id
    where sums_in_atlar.transaction_id is null
),

matched as (
    select
        lines.*,
        transactions.transaction_id
    from lines
    left join single_transactions as transactions
        on
            lines.account_id = transactions.account_id
            and lines.currency_code = transactions.currency_code
            and lines.booking_date = transactions.booking_date
            and lines.amount = transactions.amount
            and case when lines.sum_transaction_id is null then lines.place end = transactions.place
    where lines.is_returned
),

-- What Atlar says came back and no line of a statement has been found for.
left_over as (
    select transactions.*
    from single_transactions as transactions
    left join matched
        on transactions.transaction_id = matched.transaction_id
    where transactions.is_returned and matched.transaction_id is null
),

-- The same return on another day, by the payment's own reference.
same_payment as (
    select
        matched.connection_id,
        matched.bank_statement_id,
        matched.entry_number,
        left_over.transaction_id
    from matched
    inner join left_over
        on
            matched.account_id = left_over.account_id
            and matched.currency_code = left_over.currency_code
            and matched.amount = left_over.amount
            and matched.end_to_end_id = left_over.end_to_end_id
            and abs(matched.booking_date - left_over.booking_date) <= 10
    where matched.transaction_id is null and matched.sum_transaction_id is null
    qualify
        row_number() over (
            partition by matched.connection_id, matched.bank_statement_id, matched.entry_number
            order by abs(matched.booking_date - left_over.booking_date) asc, left_over.transaction_id asc
        ) = 1
        and row_number() over (
            partition by left_over.transaction_id
            order by
                abs(matched.booking_date - left_over.booking_date) asc,
                matched.bank_statement_id asc,
                matched.connection_id asc,
                matched.entry_number asc
        ) = 1
),

-- A batch that Atlar tells payment by payment, and the statement in one sum.
parts_in_atlar as (
    select
        account_id,
        booking_date,
        currency_code,
        sum(amount) as amount
    from left_over
    group by account_id, booking_date, currency_code
    having count(*) > 1
)

select
    matched.connection_id,
    matched.bank_statement_id,
    matched.entry_number,
    matched.account_id,
    matched.booking_date,
    matched.currency_code,
    matched.amount,
    matched.amount_returned,
    matched.counterparty_name,
    matched.return_reason_code,
    matched.end_to_end_id,
    matched.instruction_id,
    coalesce(matched.transaction_id, same_payment.transaction_id) as transaction_id,
    matched.sum_transaction_id,
    coalesce(matched.transaction_id, same_payment.transaction_id) is null
    and matched.sum_transaction_id is null
    and parts_in_atlar.account_id is not null
    -- One sum for one: of equal ones the next is another return.
    and row_number() over (
        partition by
            coalesce(matched.transaction_id, same_payment.transaction_id, matched.sum_transaction_id) is null,
            matched.account_id,
            matched.booking_date,
            matched.currency_code,
            matched.amount
        order by matched.bank_statement_id asc, matched.connection_id asc, matched.entry_number asc
    ) = 1 as is_told_in_parts
from matched
left join same_payment
    on
        matched.connection_id = same_payment.connection_id
        and matched.bank_statement_id = same_payment.bank_statement_id
        and matched.entry_number = same_payment.entry_number
left join parts_in_atlar
    on
        matched.account_id = parts_in_atlar.account_id
        and matched.booking_date = parts_in_atlar.booking_date
        and matched.currency_code = parts_in_atlar.currency_code
        and matched.amount = parts_in_atlar.amount
