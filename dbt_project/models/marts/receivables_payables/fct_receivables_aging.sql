-- What each customer owes by age, and the credits against it, at the end of the business date.
-- One row per customer and currency that ever had an issued invoice or a payment.
with in_base as (
    select
        aged.party_id as customer_id,
        aged.party_code as customer_code,
        aged.party_name as customer_name,
        aged.currency_code,
        aged.as_of_date,
        {{ aging_money('aged', 'parameters.base_currency_code') }}
    from {{ ref('int_reconciliation__aging') }} as aged
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    {{ join_reference_rates('aged.currency_code', 'parameters.base_currency_code', 'aged.as_of_date') }}
    where aged.side = 'receivable'
)

select
    *,
    {{ aging_base_totals() }}
from in_base
