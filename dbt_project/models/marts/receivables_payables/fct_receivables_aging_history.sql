-- What each customer owed by age at the end of each month, as it is known at present, and the credits against it.
-- One row per month end, customer and currency with anything open. The last month is the last one ended by the
-- business date.
with in_base as (
    select
        aged.month_end_date,
        aged.party_id as customer_id,
        aged.party_code as customer_code,
        aged.party_name as customer_name,
        aged.currency_code,
        {{ aging_money('aged', 'parameters.base_currency_code') }}
    from {{ ref('int_reconciliation__aging_history') }} as aged
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    {{ join_reference_rates('aged.currency_code', 'parameters.base_currency_code', 'aged.month_end_date') }}
    where aged.side = 'receivable'
)

select
    *,
    {{ aging_base_totals() }}
from in_base
