-- What each vendor was owed by age at the end of each month, as it is known at present, and the credits against it.
-- One row per month end, vendor and currency with anything open. The last month is the last one ended by the
-- business date.
with in_base as (
    select
        aged.month_end_date,
        aged.party_id as vendor_id,
        aged.party_code as vendor_code,
        aged.party_name as vendor_name,
        aged.currency_code,
        {{ aging_money('aged', 'parameters.base_currency_code') }}
    from {{ ref('int_reconciliation__aging_history') }} as aged
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    {{ join_reference_rates('aged.currency_code', 'parameters.base_currency_code', 'aged.month_end_date') }}
    where aged.side = 'payable'
)

select
    *,
    {{ aging_base_totals() }}
from in_base
