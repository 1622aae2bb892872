-- Guards fct_journal_entry_lines: the side carries the sign, so no amount is below zero, and only the rounding of a
-- conversion has no amount in document currency.
select
    journal_entry_id,
    line_number,
    amount
from {{ ref('fct_journal_entry_lines') }}
where amount < 0 or amount_base < 0 or (amount = 0 and line_type <> 'base_rounding')
