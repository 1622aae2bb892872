-- What banks charged, from the first day of the policy on: lines that are a charge by their code (seed
-- `bank_fee_codes`), and charges that a bank kept back from, or added to, the money of a line. Each with the account in
-- the ledger it stands on, and whether the books hold it already.
-- One row per bank transaction with a charge; a cost is above zero, a refund below.
with policies as (
    select
        valid_from_date,
        cutoff_days
    from {{ ref('posting_policies') }}
    where event = 'bank_fee'
),

accounts as (
    select
        accounts.account_id,
        coalesce(own.account_number, by_currency.account_number) as gl_account
    from {{ ref('stg_atlar__accounts') }} as accounts
    left join {{ ref('bank_gl_accounts') }} as own
        on upper(replace(accounts.iban, ' ', '')) = upper(replace(own.iban, ' ', ''))
    left join {{ ref('int_posting__control_accounts') }} as by_currency
        on
            accounts.currency_code = by_currency.currency_code
            and by_currency.control = 'bank'
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

deducted as (
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

charges as (
    select
        transactions.transaction_id,
        transactions.account_id,
        accounts.gl_account,
        transactions.booking_date,
        transactions.currency_code,
        transactions.amount as amount_of_line,
        coalesce(transactions.reference, transactions.description) as bank_text,
        codes.code is null as is_deducted,
        policies.cutoff_days,
        case
            when codes.code is not null
                then {{ money('-transactions.amount', 'transactions.currency_code', or_null=true) }}
            else {{ money('deducted.amount', 'transactions.currency_code', or_null=true) }}
        end as amount
    from {{ ref('stg_atlar__transactions') }} as transactions
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    inner join policies
        on transactions.booking_date between policies.valid_from_date and parameters.as_of_date
    left join accounts
        on transactions.account_id = accounts.account_id
    left join {{ ref('bank_fee_codes') }} as codes
        on
            codes.code = case codes.code_type
                when 'subfamily' then {{ json_text('transactions.bank_transaction_code', 'subfamily') }}
                else {{ json_text('transactions.bank_transaction_code', '$.proprietary.code') }}
            end
    left join deducted
        on transactions.transaction_id = deducted.transaction_id
    where codes.code is not null or coalesce(deducted.amount, 1) <> 0 and deducted.transaction_id is not null
    qualify row_number() over (partition by transactions.transaction_id order by codes.code_type, codes.code) = 1
),

-- Equal charges of one account and month are told apart by their order, and so are the entries that book them.
numbered as (
    select
        charges.*,
        'atlar:bank_fee:' || charges.transaction_id as journal_entry_id,
        row_number() over (
            partition by
                charges.gl_account, charges.currency_code, charges.amount, date_trunc('month', charges.booking_date)
            order by charges.booking_date asc, charges.transaction_id asc
        ) as place
    from charges
),

by_hand as (
    select
        journal_entry_id,
        gl_account,
        currency_code,
        amount_charged as amount,
        entry_date,
        row_number() over (
            partition by gl_account, currency_code, amount_charged, date_trunc('month', entry_date)
            order by entry_date asc, journal_entry_id asc
        ) as place
    from {{ ref('int_posting__bank_movements') }}
    where is_manual and amount_charged <> 0 and amount = -amount_charged
),

matched as (
    select
        numbered.transaction_id,
        by_hand.journal_entry_id
    from numbered
    inner join by_hand
        on
            numbered.gl_account = by_hand.gl_account
            and numbered.currency_code = by_hand.currency_code
            and numbered.amount = by_hand.amount
            and date_trunc('month', numbered.booking_date) = date_trunc('month', by_hand.entry_date)
            and numbered.place = by_hand.place
),

unmatched as (
    select by_hand.*
    from by_hand
    left join matched
        on by_hand.journal_entry_id = matched.journal_entry_id
    where matched.journal_entry_id is null
),

near as (
    select
        numbered.transaction_id,
        min(unmatched.journal_entry_id) as journal_entry_id
    from numbered
    inner join unmatched
        on
            numbered.gl_account = unmatched.gl_account
            and numbered.currency_code = unmatched.currency_code
            and numbered.amount = unmatched.amount
            and abs(numbered.booking_date - unmatched.entry_date) <= numbered.cutoff_days
    group by numbered.transaction_id
),

-- How the books took a line whose charge was kept back: before the charge, after it, or not yet.
taken as (
    select
        numbered.transaction_id,
        count(*) filter (where movements.amount = numbered.amount_of_line + numbered.amount) as gross_count,
        count(*) filter (where movements.amount = numbered.amount_of_line) as net_count
    from numbered
    inner join {{ ref('int_posting__bank_movements') }} as movements
        on
            numbered.is_deducted
            and numbered.gl_account = movements.gl_account
            and numbered.currency_code = movements.currency_code
            and movements.amount in (numbered.amount_of_line + numbered.amount, numbered.amount_of_line)
            and abs(numbered.booking_date - movements.entry_date) <= numbered.cutoff_days
    group by numbered.transaction_id
)

select
    numbered.journal_entry_id,
    numbered.transaction_id,
    numbered.account_id,
    numbered.gl_account,
    numbered.booking_date,
    numbered.currency_code,
    numbered.amount_of_line,
    numbered.amount,
    numbered.is_deducted,
    numbered.bank_text,
    coalesce(matched.journal_entry_id, near.journal_entry_id) as manual_entry_id,
    case
        when booked.is_posted then 'due'
        when numbered.amount is null then 'unreadable'
        when matched.journal_entry_id is not null then 'booked'
        when near.journal_entry_id is not null then 'maybe_booked'
        when not numbered.is_deducted then 'due'
        when coalesce(taken.gross_count, 0) = 0 and coalesce(taken.net_count, 0) = 0 then 'not_in_books'
        when coalesce(taken.gross_count, 0) = 0 then 'left_open'
        when taken.gross_count = 1 and taken.net_count = 0 then 'due'
        else 'ambiguous'
    end as charge_status
from numbered
left join matched
    on numbered.transaction_id = matched.transaction_id
left join near
    on numbered.transaction_id = near.transaction_id
left join taken
    on numbered.transaction_id = taken.transaction_id
left join {{ ref('int_posting__entries_in_books') }} as booked
    on
        numbered.journal_entry_id = booked.journal_entry_id
        and booked.is_posted
