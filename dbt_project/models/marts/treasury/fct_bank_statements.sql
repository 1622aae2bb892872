-- Bank statements and the control on them: opening balance plus entries must give the closing balance.
-- One row per connection and statement.
select
    checked.connection_id,
    checked.bank_statement_id,
    checked.account_id,
    accounts.account_name,
    statements.statement_type,
    statements.statement_number,
    checked.statement_date,
    checked.currency_code,
    {{ money('checked.amount_opening', 'checked.currency_code') }} as amount_opening,
    {{ money('checked.amount_moved', 'checked.currency_code', width=38) }} as amount_moved,
    {{ money('checked.amount_closing', 'checked.currency_code') }} as amount_closing,
    cast(checked.entry_count as bigint) as entry_count,
    {{ money('checked.difference', 'checked.currency_code', width=38) }} as difference
from {{ ref('int_reconciliation__bank_statements') }} as checked
inner join {{ ref('stg_atlar__bank_statements') }} as statements
    on checked.connection_id = statements.connection_id and checked.bank_statement_id = statements.bank_statement_id
left join {{ ref('stg_atlar__accounts') }} as accounts on checked.account_id = accounts.account_id
