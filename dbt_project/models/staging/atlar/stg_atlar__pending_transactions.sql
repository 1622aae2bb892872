-- Bank lines announced but not yet booked.
-- One row per pending bank transaction.
with source as (
    {{ latest_version(source('raw_atlar', 'pending_transactions'), ['id']) }}
)

select
    id as pending_transaction_id,
    organization_id,
    account_id,
    date as booking_date,
    value_date,
    {{ json_decimal('amount', 'stringValue') }} as amount,
    {{ json_text('amount', 'currency') }} as currency_code,
    {{ json_decimal('instructed_amount', 'stringValue') }} as amount_instructed,
    {{ json_text('instructed_amount', 'currency') }} as currency_code_instructed,
    {{ json_decimal('currency_exchange', 'exchangeRate') }} as exchange_rate,
    currency_exchange::json as currency_exchange,
    reference,
    "references"::json as named_references,
    {{ json_text('"references"', 'endToEndId') }} as end_to_end_id,
    description,
    {{ json_text('counterparty', 'name') }} as counterparty_name,
    {{ json_text('counterparty', '$.externalAccount.identifier.number') }} as counterparty_account,
    counterparty::json as counterparty,
    bank_transaction_code::json as bank_transaction_code,
    reconciliation_status,
    attached_transactables::json as attached_transactables,
    coalesce(returned, false) as is_returned,
    {{ json_text('return_reason', 'code') }} as return_reason_code,
    return_reason::json as return_reason,
    charges::json as charges,
    batch_information::json as batch_information,
    virtual_account::json as virtual_account,
    metadata::json as metadata,
    version,
    etag,
    created as created_at,
    updated as updated_at
from source
