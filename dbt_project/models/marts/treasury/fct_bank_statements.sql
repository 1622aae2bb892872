-- Bank statements and the control on them: opening balance plus entries must give the closing balance.
-- One row per connection and statement.
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
    accounts.account_name,
    statements.statement_type,
    statements.statement_number,
    statements.statement_date,
    statements.currency_code,
    {{ money('statements.amount_opening', 'statements.currency_code') }} as amount_opening,
    {{ money('coalesce(entries.amount_moved, 0)', 'statements.currency_code') }} as amount_moved,
    {{ money('statements.amount_closing', 'statements.currency_code') }} as amount_closing,
    cast(coalesce(entries.entry_count, 0) as bigint) as entry_count,
    -- An intraday report may carry no closing balance; then there is nothing to prove.
    {{ money(
        'statements.amount_opening + coalesce(entries.amount_moved, 0) - statements.amount_closing',
        'statements.currency_code'
    ) }} as difference
from {{ ref('stg_atlar__bank_statements') }} as statements
left join entries
    on statements.connection_id = entries.connection_id and statements.bank_statement_id = entries.bank_statement_id
left join {{ ref('stg_atlar__accounts') }} as accounts on statements.account_id = accounts.account_id
