-- What banks charged, from the first day of the policy on, each charge once: as Atlar's transactions tell it, and as
-- bank statements do where no transaction tells the line, or the line without its charge. What was posted for a
-- statement's line keeps that entry when the transaction comes later.
-- One row per bank line with a charge; a cost is above zero, a refund below.
with policies as (
    select
        valid_from_date,
        cutoff_days
    from {{ ref('posting_policies') }}
    where event = 'bank_fee'
),

-- What is no list names no charge that could be read: a person is told.
named as (
    select
        transaction_id,
        currency_code,
        case when left(trim(charges::varchar), 1) = '[' then charges end as charges,
        left(trim(charges::varchar), 1) <> '[' and charges::varchar not in ('null', '{}') as is_unreadable
    from {{ ref('stg_atlar__transactions') }}
),

listed as (
    select
        transactions.transaction_id,
        coalesce(
            try_cast({{ json_text('item.element', '$.amount.stringValue') }} as decimal(38, 10)),
            try_cast({{ json_text('item.element', 'amount') }} as decimal(38, 10))
        ) as amount,
        coalesce(
            {{ json_text('item.element', '$.amount.currency') }},
            {{ json_text('item.element', 'currency') }},
            transactions.currency_code
        ) = transactions.currency_code as is_own_currency
    from named as transactions
    cross join {{ json_elements('transactions.charges') }}
),

kept_back as (
    select
        transaction_id,
        case when bool_and(is_own_currency) and count(amount) = count(*) then sum(amount) end as amount
    from listed
    group by transaction_id

    union all

    select
        transaction_id,
        null::decimal(38, 10) as amount
    from named
    where is_unreadable
),

in_statements as (
    select * from {{ ref('int_posting__statement_charges') }}
    where transaction_id is not null
),

in_books as (
    select journal_entry_id from {{ ref('int_posting__entries_in_books') }}
    where journal_entry_id like 'atlar:bank_fee:%'
),

from_transactions as (
    select
        transactions.transaction_id,
        transactions.account_id,
        transactions.booking_date,
        transactions.currency_code,
        transactions.amount as amount_of_line,
        coalesce(transactions.reference, transactions.description) as bank_text,
        'atlar:bank_fee:' || transactions.transaction_id as own_entry_id,
        in_statements.journal_entry_id as statement_entry_id,
        {{ is_bank_fee(
            json_text('transactions.bank_transaction_code', 'subfamily'),
            json_text('transactions.bank_transaction_code', '$.proprietary.code'),
            gvc_of(json_text('transactions.bank_transaction_code', '$.proprietary.code'))
        ) }} or coalesce(in_statements.is_fee, false) as is_fee,
        -- A list that names nothing tells no charge, and the statement may.
        kept_back.transaction_id is not null and coalesce(kept_back.amount, 1) <> 0 as is_told,
        kept_back.amount as amount_told,
        in_statements.transaction_id is not null and not in_statements.is_fee as is_told_by_statement,
        in_statements.amount_charged as amount_told_by_statement,
        in_statements.bearer
    from {{ ref('stg_atlar__transactions') }} as transactions
    left join kept_back
        on transactions.transaction_id = kept_back.transaction_id
    left join in_statements
        on transactions.transaction_id = in_statements.transaction_id
),

-- What was posted for a line that only a statement tells, and which a line of Atlar may be that came later, on another
-- day or in other parts.
near_entries as (
    select
        from_transactions.transaction_id,
        min(in_books.journal_entry_id) as journal_entry_id
    from {{ ref('int_posting__statement_charges') }} as statement_charges
    inner join in_books
        on statement_charges.journal_entry_id = in_books.journal_entry_id
    inner join from_transactions
        on
            statement_charges.account_id = from_transactions.account_id
            and statement_charges.currency_code = from_transactions.currency_code
    cross join policies
    where
        statement_charges.transaction_id is null
        and from_transactions.statement_entry_id is null
        and (
            (
                statement_charges.amount_of_line = from_transactions.amount_of_line
                and abs(statement_charges.booking_date - from_transactions.booking_date) <= policies.cutoff_days
            )
            or (
                statement_charges.is_fee
                and from_transactions.is_fee
                and statement_charges.booking_date = from_transactions.booking_date
            )
        )
    group by from_transactions.transaction_id
),

charges as (
    select
        coalesce(posted.journal_entry_id, from_transactions.own_entry_id) as journal_entry_id,
        'transaction' as record_type,
        from_transactions.transaction_id as record_id,
        from_transactions.account_id,
        from_transactions.booking_date,
        from_transactions.currency_code,
        from_transactions.amount_of_line,
        from_transactions.bank_text,
        not from_transactions.is_fee as is_deducted,
        case
            when from_transactions.is_fee then -from_transactions.amount_of_line
            when from_transactions.is_told then from_transactions.amount_told
            else from_transactions.amount_told_by_statement
        end as amount,
        case
            when
                not from_transactions.is_fee
                and from_transactions.is_told
                and from_transactions.is_told_by_statement
                and from_transactions.amount_told <> from_transactions.amount_told_by_statement
                then from_transactions.amount_told_by_statement
        end as amount_told_otherwise,
        from_transactions.bearer,
        null::varchar as near_transaction_id,
        near_entries.journal_entry_id as near_entry_id,
        true as is_day_complete
    from from_transactions
    left join near_entries
        on from_transactions.transaction_id = near_entries.transaction_id
    left join in_books as posted
        on from_transactions.statement_entry_id = posted.journal_entry_id
    where from_transactions.is_fee or from_transactions.is_told or from_transactions.is_told_by_statement

    union all

    select
        journal_entry_id,
        'bank_statement_entry' as record_type,
        connection_id || '/' || bank_statement_id || '/' || entry_number as record_id,
        account_id,
        booking_date,
        currency_code,
        amount_of_line,
        bank_text,
        not is_fee as is_deducted,
        case when is_fee then -amount_of_line else amount_charged end as amount,
        null::decimal(38, 10) as amount_told_otherwise,
        bearer,
        near_transaction_id,
        null::varchar as near_entry_id,
        is_day_complete
    from {{ ref('int_posting__statement_charges') }}
    where transaction_id is null
)

select
    charges.journal_entry_id,
    charges.record_type,
    charges.record_id,
    charges.account_id,
    charges.booking_date,
    charges.currency_code,
    charges.amount_of_line,
    charges.bank_text,
    charges.is_deducted,
    {{ money('charges.amount', 'charges.currency_code', or_null=true) }} as amount,
    {{ money('charges.amount_told_otherwise', 'charges.currency_code', or_null=true) }} as amount_told_otherwise,
    charges.bearer,
    charges.near_transaction_id,
    charges.near_entry_id,
    charges.is_day_complete
from charges
cross join {{ ref('stg_operations__run_parameters') }} as parameters
inner join policies
    on charges.booking_date between policies.valid_from_date and parameters.as_of_date
