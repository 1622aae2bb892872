-- Guards fct_journal_entry_lines: the side carries the sign, so no amount is below zero, and only what exists
-- in base currency alone (the rounding of a conversion, a realised exchange difference) has no amount in its own.
select
    journal_entry_id,
    line_number,
    amount
from {{ ref('fct_journal_entry_lines') }}
where amount < 0 or amount_base < 0 or (amount = 0 and line_type <> 'base_rounding' and posting_rule <> 'realised_fx')
