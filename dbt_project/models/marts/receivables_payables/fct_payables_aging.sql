-- What is owed to each vendor by age, and the prepayments against it, at the end of the business date.
-- One row per vendor and currency that ever had an issued bill or a payment.
with in_base as (
    select
        aged.party_id as vendor_id,
        aged.party_code as vendor_code,
        aged.party_name as vendor_name,
        aged.currency_code,
        aged.as_of_date,
        {{ aging_money('aged', 'parameters.base_currency_code') }}
    from {{ ref('int_reconciliation__aging') }} as aged
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    {{ join_reference_rates('aged.currency_code', 'parameters.base_currency_code', 'aged.as_of_date') }}
    where aged.side = 'payable'
)

select
    *,
    {{ aging_base_totals() }}
from in_base
