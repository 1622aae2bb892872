-- The control over exchange rates: what the conversions to base currency came to, and what they come to at the rate of
-- the last business day known by the day of conversion. What has no rate of that day comes to nothing, so a stale rate
-- shows with the whole amount it was used for.
-- One row per currency that was converted.
select
    'exchange_rates_are_current' as control_name,
    currency_code as scope,
    'Converted to base currency, at the rates stated' as left_label,
    sum(amount_base) as left_amount,
    'The same at the rates of the last business day' as right_label,
    sum(coalesce(amount_base_due, 0)) as right_amount,
    base_currency_code as currency_code,
    0 as amount_reconciling,
    0 as held_count,
    0 as pending_count
from {{ ref('int_reconciliation__exchange_rates_used') }}
group by currency_code, base_currency_code
