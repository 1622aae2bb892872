-- What stands behind the control over exchange rates: the entries converted at another rate than that of the last
-- business day, beside the rate that was due.
-- One row per journal entry and currency with such a conversion. Exact and unrounded.
select
    'exchange_rates_are_current' as control_name,
    currency_code as scope,
    'journal_entry' as record_type,
    journal_entry_id as left_document_id,
    'rate of ' || currency_code || ' of ' || coalesce(due_rate_date::varchar, 'a day near ' || conversion_date)
        as right_document_id,
    'rate of ' || base_rate_date || ' for ' || conversion_date as document_number,
    amount_base as left_amount,
    coalesce(amount_base_due, 0) as right_amount
from {{ ref('int_reconciliation__exchange_rates_used') }}
where amount_base is distinct from amount_base_due
