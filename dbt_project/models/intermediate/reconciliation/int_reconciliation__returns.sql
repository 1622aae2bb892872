-- Money that a bank sent back, by Atlar's word, by its codes, or by a statement's: told once where both tell it.
-- One row per return: a bank transaction, or the entry of a statement where no transaction tells it.
with sums as (
    select distinct sum_transaction_id
    from {{ ref('int_reconciliation__returned_statement_lines') }}
),

told as (
    select
        'transaction' as record_type,
        transactions.transaction_id as record_id,
        transactions.transaction_id,
        transactions.account_id,
        transactions.booking_date,
        transactions.amount,
        coalesce(lines.amount_returned, transactions.amount) as amount_returned,
        transactions.currency_code,
        coalesce(transactions.counterparty_name, lines.counterparty_name) as counterparty_name,
        coalesce(transactions.return_reason_code, lines.return_reason_code) as return_reason_code,
        coalesce({{ payment_reference('transactions.end_to_end_id') }}, lines.end_to_end_id) as end_to_end_id,
        lines.instruction_id,
        -- What somebody reconciled in Atlar has been dealt with.
        coalesce(transactions.reconciliation_status, '') = 'RECONCILED' as is_reconciled,
        sums.sum_transaction_id is not null as is_told_in_parts
    from {{ ref('stg_atlar__transactions') }} as transactions
    left join {{ ref('int_reconciliation__returned_statement_lines') }} as lines
        on transactions.transaction_id = lines.transaction_id
    left join sums
        on transactions.transaction_id = sums.sum_transaction_id
    where {{ is_returned_transaction('transactions') }} or lines.transaction_id is not null

    union all

    select
        'bank_statement_entry' as record_type,
        connection_id || '/' || bank_statement_id || '/' || entry_number as record_id,
        null::varchar as transaction_id,
        account_id,
        booking_date,
        amount,
        amount_returned,
        currency_code,
        counterparty_name,
        return_reason_code,
        end_to_end_id,
        instruction_id,
        false as is_reconciled,
        is_told_in_parts
    from {{ ref('int_reconciliation__returned_statement_lines') }}
    where transaction_id is null
)

select
    told.*,
    accounts.gl_account
from told
left join {{ ref('int_posting__bank_accounts') }} as accounts
    on told.account_id = accounts.account_id
-- An entry of a statement that Atlar tells payment by payment is told by those.
where told.record_type = 'transaction' or not told.is_told_in_parts
