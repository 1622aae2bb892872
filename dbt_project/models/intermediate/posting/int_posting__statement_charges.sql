-- Charges that bank statements tell: entries that are a charge by their code (seed `bank_fee_codes`), and charges that
-- were kept back from an entry. Each with the Atlar transaction that is the same line of the bank (account, currency,
-- day and amount, one by one), so that a charge told by both is one; else with what speaks for a line Atlar lacks.
-- One row per line of a statement with a charge: an entry, or a whole batch where Atlar has its sum.
with policies as (
    select cutoff_days from {{ ref('posting_policies') }}
    where event = 'bank_fee'
),

listed as (
    select
        entries.connection_id,
        entries.bank_statement_id,
        entries.entry_number,
        try_cast({{ json_text('item.element', 'amount') }} as decimal(38, 10)) as amount,
        coalesce({{ json_text('item.element', 'currency') }}, entries.currency_code) = entries.currency_code
            as is_own_currency,
        {{ json_text('item.element', 'bearer') }} as bearer
    from {{ ref('stg_atlar__bank_statement_entries') }} as entries
    cross join {{ json_elements('entries.charges') }}
    -- A charge that is not included in its entry stands on the statement as an entry of its own.
    where coalesce(lower({{ json_text('item.element', 'included') }}), 'true') not in ('false', '0')
),

kept_back as (
    select
        connection_id,
        bank_statement_id,
        entry_number,
        case when bool_and(is_own_currency) and count(amount) = count(*) then sum(amount) end as amount,
        string_agg(distinct bearer, ', ' order by bearer) as bearer
    from listed
    group by connection_id, bank_statement_id, entry_number
),

entries as (
    select
        entries.connection_id,
        entries.bank_statement_id,
        coalesce(entries.statement_line, entries.entry_number) as statement_line,
        entries.entry_number,
        entries.account_id,
        -- Neither day is one that every bank tells.
        coalesce(entries.booking_date, entries.value_date, statements.statement_date) as booking_date,
        entries.currency_code,
        entries.amount,
        entries.account_id || ':'
        || coalesce(entries.entry_key, entries.bank_statement_id || '-' || entries.entry_number) as booking_key,
        entries.detail_number,
        coalesce(entries.remittance, entries.additional_information) as bank_text,
        {{ is_bank_fee(
            "split_part(entries.bank_transaction_code, '/', 3)", 'entries.bank_transaction_code', 'entries.gvc'
        ) }} as is_fee,
        kept_back.entry_number is not null as is_charged,
        kept_back.amount as amount_charged,
        kept_back.bearer
    from {{ ref('stg_atlar__bank_statement_entries') }} as entries
    left join {{ ref('stg_atlar__bank_statements') }} as statements
        on
            entries.connection_id = statements.connection_id
            and entries.bank_statement_id = statements.bank_statement_id
    left join kept_back
        on
            entries.connection_id = kept_back.connection_id
            and entries.bank_statement_id = kept_back.bank_statement_id
            and entries.entry_number = kept_back.entry_number
),

-- A batch that the statement tells payment by payment, and Atlar in one sum.
batches as (
    select
        entries.connection_id,
        entries.bank_statement_id,
        entries.statement_line,
        sum(entries.amount) as amount
    from entries
    group by entries.connection_id, entries.bank_statement_id, entries.statement_line
    having count(*) > 1 and bool_or(entries.is_fee or entries.is_charged)
),

sums_in_atlar as (
    select distinct
        batches.connection_id,
        batches.bank_statement_id,
        batches.statement_line
    from batches
    inner join entries
        on
            batches.connection_id = entries.connection_id
            and batches.bank_statement_id = entries.bank_statement_id
            and batches.statement_line = entries.statement_line
    inner join {{ ref('stg_atlar__transactions') }} as transactions
        on
            entries.account_id = transactions.account_id
            and entries.booking_date = transactions.booking_date
            and entries.currency_code = transactions.currency_code
            and batches.amount = transactions.amount
),

lines as (
    select
        entries.connection_id,
        entries.bank_statement_id,
        min(entries.entry_number) as entry_number,
        entries.account_id,
        entries.booking_date,
        entries.currency_code,
        sum(entries.amount) as amount,
        min(entries.booking_key)
        || case
            when sums_in_atlar.statement_line is null then coalesce(':' || min(entries.detail_number), '')
            else ''
        end as booking_key,
        min(entries.bank_text) as bank_text,
        bool_and(entries.is_fee) as is_fee,
        bool_or(entries.is_charged) as is_charged,
        case
            when count(*) filter (where entries.is_charged and entries.amount_charged is null) = 0
                then sum(entries.amount_charged)
        end as amount_charged,
        min(entries.bearer) as bearer
    from entries
    left join sums_in_atlar
        on
            entries.connection_id = sums_in_atlar.connection_id
            and entries.bank_statement_id = sums_in_atlar.bank_statement_id
            and entries.statement_line = sums_in_atlar.statement_line
    group by
        entries.connection_id,
        entries.bank_statement_id,
        entries.statement_line,
        entries.account_id,
        entries.booking_date,
        entries.currency_code,
        sums_in_atlar.statement_line,
        case when sums_in_atlar.statement_line is null then entries.entry_number end
),

-- Lines of the amounts in question alone: which of two equal lines is the charge, the others decide with.
amounts_in_question as (
    select distinct
        account_id,
        currency_code,
        amount
    from lines
    where is_fee or is_charged
),

numbered as (
    select
        lines.*,
        row_number() over (
            partition by lines.account_id, lines.currency_code, lines.booking_date, lines.amount
            order by lines.is_fee desc, lines.is_charged desc, lines.booking_key asc, lines.bank_statement_id asc
        ) as place,
        -- One booking told by two statements that follow on each other is two.
        row_number() over (
            partition by lines.booking_key order by lines.bank_statement_id asc, lines.entry_number asc
        ) as copy_number
    from lines
    inner join amounts_in_question
        on
            lines.account_id = amounts_in_question.account_id
            and lines.currency_code = amounts_in_question.currency_code
            and lines.amount = amounts_in_question.amount
),

coded as (
    select
        transaction_id,
        account_id,
        currency_code,
        booking_date,
        amount,
        coalesce(charges::varchar, 'null') not in ('[]', 'null', '{}') as is_charged,
        {{ is_bank_fee(
            json_text('bank_transaction_code', 'subfamily'),
            json_text('bank_transaction_code', '$.proprietary.code'),
            gvc_of(json_text('bank_transaction_code', '$.proprietary.code'))
        ) }} as is_fee
    from {{ ref('stg_atlar__transactions') }}
),

transactions as (
    select
        coded.transaction_id,
        coded.account_id,
        coded.currency_code,
        coded.booking_date,
        coded.amount,
        coded.is_fee,
        row_number() over (
            partition by coded.account_id, coded.currency_code, coded.booking_date, coded.amount
            order by coded.is_fee desc, coded.is_charged desc, coded.transaction_id asc
        ) as place
    from coded
    left join amounts_in_question
        on
            coded.account_id = amounts_in_question.account_id
            and coded.currency_code = amounts_in_question.currency_code
            and coded.amount = amounts_in_question.amount
    where coded.is_fee or amounts_in_question.account_id is not null
),

matched as (
    select
        numbered.*,
        transactions.transaction_id
    from numbered
    left join transactions
        on
            numbered.account_id = transactions.account_id
            and numbered.currency_code = transactions.currency_code
            and numbered.booking_date = transactions.booking_date
            and numbered.amount = transactions.amount
            and numbered.place = transactions.place
),

-- Lines of Atlar that no statement tells and that may be the charge all the same: as much on a day near by, or another
-- charge of the same day.
near as (
    select
        matched.connection_id,
        matched.bank_statement_id,
        matched.entry_number,
        min(transactions.transaction_id) as transaction_id
    from matched
    cross join policies
    inner join transactions
        on
            matched.account_id = transactions.account_id
            and matched.currency_code = transactions.currency_code
    left join matched as told
        on transactions.transaction_id = told.transaction_id
    where
        matched.transaction_id is null
        and (matched.is_fee or matched.is_charged)
        and told.transaction_id is null
        and (
            (
                matched.amount = transactions.amount
                and abs(matched.booking_date - transactions.booking_date) <= policies.cutoff_days
            )
            or (matched.is_fee and transactions.is_fee and matched.booking_date = transactions.booking_date)
        )
    group by matched.connection_id, matched.bank_statement_id, matched.entry_number
),

lines_of_days as (
    select
        account_id,
        booking_date,
        count(*) as line_count
    from {{ ref('stg_atlar__transactions') }}
    group by account_id, booking_date
),

days as (
    select
        summaries.account_id,
        summaries.summary_date
    from {{ ref('stg_atlar__end_of_day_summaries') }} as summaries
    left join lines_of_days
        on
            summaries.account_id = lines_of_days.account_id
            and summaries.summary_date = lines_of_days.booking_date
    where coalesce(summaries.transaction_count, 0) <= coalesce(lines_of_days.line_count, 0)
),

listed_accounts as (
    select distinct account_id from {{ ref('stg_atlar__transactions') }}
)

select
    matched.connection_id,
    matched.bank_statement_id,
    matched.entry_number,
    'atlar:bank_fee:' || matched.booking_key
    || case when matched.copy_number > 1 then ':' || matched.copy_number else '' end as journal_entry_id,
    matched.account_id,
    matched.booking_date,
    matched.currency_code,
    matched.amount as amount_of_line,
    matched.bank_text,
    matched.is_fee,
    matched.amount_charged,
    matched.bearer,
    matched.transaction_id,
    near.transaction_id as near_transaction_id,
    -- Every line of the day is here, or the account is one whose lines Atlar lists none of.
    days.account_id is not null or listed_accounts.account_id is null as is_day_complete
from matched
left join near
    on
        matched.connection_id = near.connection_id
        and matched.bank_statement_id = near.bank_statement_id
        and matched.entry_number = near.entry_number
left join days
    on
        matched.account_id = days.account_id
        and matched.booking_date = days.summary_date
left join listed_accounts
    on matched.account_id = listed_accounts.account_id
where matched.is_fee or matched.is_charged and coalesce(matched.amount_charged, 1) <> 0
