-- The account of each control in each currency: the currency's own, else the one of the base currency.
-- One row per control and currency.
with base_currency as (
    select base_currency_code from {{ ref('stg_operations__run_parameters') }}
),

controls as (
    select distinct control from {{ ref('control_accounts') }}
)

select
    controls.control,
    currencies.currency_code,
    coalesce(own.account_number, base.account_number) as account_number
from controls
cross join {{ ref('currencies') }} as currencies
cross join base_currency
left join {{ ref('control_accounts') }} as own
    on
        controls.control = own.control
        and currencies.currency_code = own.currency_code
left join {{ ref('control_accounts') }} as base
    on
        controls.control = base.control
        and base_currency.base_currency_code = base.currency_code
