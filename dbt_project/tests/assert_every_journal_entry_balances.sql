-- Guards fct_journal_entry_lines: debits equal credits to exactly zero, per entry and currency, and in base currency
-- where a rate is known. An entry that does not would carry its difference silently into every balance.
select
    journal_entry_id,
    currency_code,
    sum(case entry_side when 'debit' then amount else -amount end) as amount_difference,
    sum(case entry_side when 'debit' then amount_base else -amount_base end) as amount_difference_base
from {{ ref('fct_journal_entry_lines') }}
group by journal_entry_id, currency_code
having amount_difference <> 0 or coalesce(amount_difference_base, 0) <> 0
