-- Issued invoices and bills in another currency than the books', with their base amount at the rate of their day.
-- One row per side and document; without a reference rate the base amount is null.
select
    issued.side,
    issued.document_id,
    issued.document_number,
    issued.party_id,
    issued.order_id,
    issued.issue_date,
    issued.currency_code,
    issued.amount_total,
    parameters.base_currency_code,
    document_rates.rate_date,
    {{ amount_in_base('issued.amount_total', 'issued.currency_code', 'parameters.base_currency_code') }} as amount_base
from {{ ref('int_reconciliation__issued_documents') }} as issued
cross join {{ ref('stg_operations__run_parameters') }} as parameters
{{ join_reference_rates('issued.currency_code', 'parameters.base_currency_code', 'issued.issue_date') }}
where issued.currency_code <> parameters.base_currency_code and issued.amount_total <> 0
