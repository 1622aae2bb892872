-- Accounting documents sent to Atlar.
-- One row per document.
with source as (
    {{ latest_version(source('raw_atlar', 'documents'), ['id']) }}
)

select
    id as document_id,
    organization_id,
    gl_entity_id,
    type as document_type,
    classification,
    {{ json_decimal('amount', '$.instructedAmount.stringValue') }} as amount_instructed,
    {{ json_text('amount', '$.instructedAmount.currency') }} as currency_code,
    {{ json_decimal('amount', '$.baseAmount.stringValue') }} as amount_base,
    {{ json_text('amount', '$.baseAmount.currency') }} as base_currency_code,
    {{ json_decimal('remaining_amount', '$.instructedAmount.stringValue') }} as remaining_amount_instructed,
    {{ json_decimal('remaining_amount', '$.baseAmount.stringValue') }} as remaining_amount_base,
    date as document_date,
    issue_date,
    description,
    reference,
    "references"::json as named_references,
    {{ json_text('counterparty', 'name') }} as counterparty_name,
    {{ json_text('counterparty', 'type') }} as counterparty_type,
    {{ json_text('counterparty', 'erpId') }} as counterparty_erp_id,
    counterparty::json as counterparty,
    coalesce(
        {{ json_decimal('currency_exchange', 'exchangeRate') }},
        {{ json_decimal('amount', '$.currencyExchange.exchangeRate') }}
    ) as exchange_rate,
    coalesce(currency_exchange::json, json_extract(amount::json, '$.currencyExchange')) as currency_exchange,
    coalesce(voided, false) as is_voided,
    reconciliation_status,
    reconciliation_match_id,
    gl_entries::json as gl_entries,
    applied_documents::json as applied_documents,
    {{ json_text('provenance', 'vendorId') }} as provenance_vendor_id,
    provenance::json as provenance,
    vendor_created as vendor_created_at,
    vendor_resource_url,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
