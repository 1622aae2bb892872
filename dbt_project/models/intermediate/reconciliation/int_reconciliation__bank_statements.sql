-- Bank statements and the control on them: opening balance plus entries must give the closing balance.
-- A booking is landed with one statement only, so the file's own sum goes before the sum of the rows landed with it.
-- One row per connection and statement. Exact and unrounded.
with entries as (
    select
        connection_id,
        bank_statement_id,
        sum(amount) as amount_moved,
        count(*) as entry_count
    from {{ ref('stg_atlar__bank_statement_entries') }}
    group by connection_id, bank_statement_id
)

select
    statements.connection_id,
    statements.bank_statement_id,
    statements.account_id,
    statements.statement_date,
    statements.currency_code,
    statements.amount_opening,
    coalesce(statements.amount_entries, entries.amount_moved, 0) as amount_moved,
    statements.amount_closing,
    coalesce(statements.entry_count, entries.entry_count, 0) as entry_count,
    -- An intraday report may carry no closing balance; then there is nothing to prove.
    statements.amount_opening + coalesce(statements.amount_entries, entries.amount_moved, 0)
    - statements.amount_closing as difference
from {{ ref('stg_atlar__bank_statements') }} as statements
left join entries
    on statements.connection_id = entries.connection_id and statements.bank_statement_id = entries.bank_statement_id
