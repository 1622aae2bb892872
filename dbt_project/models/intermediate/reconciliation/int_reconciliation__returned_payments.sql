-- The payment that came back, of those that the books still count: by its reference, by the bank's line it was paid
-- with, else the last one of that amount.
-- One row per return that a payment of the books may be behind.
with named as (
    {{ payments_named_by_returns() }}
),

-- The bank's own lines of payments, to find the one that came back by its reference.
bank_lines as (
    select
        account_id,
        booking_date,
        currency_code,
        amount,
        {{ payment_reference('end_to_end_id') }} as end_to_end_id,
        null::varchar as instruction_id
    from {{ ref('stg_atlar__transactions') }}

    union all

    select
        account_id,
        booking_date,
        currency_code,
        amount,
        {{ payment_reference('end_to_end_id') }} as end_to_end_id,
        {{ payment_reference('instruction_id') }} as instruction_id
    from {{ ref('stg_atlar__bank_statement_entries') }}
),

original_lines as (
    select
        amounts.record_id,
        max(bank_lines.booking_date) as booking_date
    from {{ ref('int_reconciliation__returned_amounts') }} as amounts
    inner join bank_lines
        on
            amounts.account_id = bank_lines.account_id
            and amounts.currency_code = bank_lines.currency_code
            and amounts.amount_in_books = -bank_lines.amount
            and bank_lines.booking_date between amounts.booking_date - 62 and amounts.booking_date
            and (
                amounts.end_to_end_id = bank_lines.end_to_end_id
                or amounts.instruction_id = bank_lines.instruction_id
            )
    group by amounts.record_id
),

candidates as (
    select
        amounts.record_id,
        movements.journal_entry_id,
        movements.entry_date,
        case
            when named.journal_entry_id is not null then 'reference'
            when abs(movements.entry_date - original_lines.booking_date) <= 10 then 'bank_line'
            else 'amount'
        end as evidence,
        abs(movements.entry_date - original_lines.booking_date) as days_off
    from {{ ref('int_reconciliation__returned_amounts') }} as amounts
    inner join {{ ref('int_posting__bank_movements') }} as movements
        on
            amounts.gl_account = movements.gl_account
            and amounts.currency_code = movements.currency_code
            and amounts.amount_in_books = -movements.amount
            and not movements.is_manual
            and amounts.booking_date between movements.entry_date - 10 and movements.entry_date + 62
    left join named
        on
            amounts.record_id = named.record_id
            and movements.journal_entry_id = named.journal_entry_id
    left join original_lines
        on amounts.record_id = original_lines.record_id
)

select
    record_id,
    journal_entry_id,
    entry_date,
    evidence,
    count(*) over (partition by record_id) as payment_count
from candidates
qualify
    row_number() over (
        partition by record_id
        order by
            case evidence when 'reference' then 1 when 'bank_line' then 2 else 3 end asc,
            days_off asc nulls last,
            entry_date desc,
            journal_entry_id desc
    ) = 1
