-- With whom receivables and payables are offset: the seed's agreements and those of the settings.
-- One row per agreement.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
)

select
    agreement_id,
    counterparty_id,
    currency_code,
    valid_from_date,
    valid_to_date
from {{ ref('netting_agreements') }}

union all

select
    {{ json_text('item.element', 'agreement_id') }} as agreement_id,
    {{ json_text('item.element', 'counterparty_id') }}::bigint as counterparty_id,
    {{ json_text('item.element', 'currency_code') }} as currency_code,
    {{ json_text('item.element', 'valid_from_date') }}::date as valid_from_date,
    {{ json_text('item.element', 'valid_to_date') }}::date as valid_to_date
from parameters
cross join {{ json_elements('parameters.netting_agreements') }}
