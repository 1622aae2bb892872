-- Ledger entries of the documents in Atlar, unnested.
-- One row per document and entry.
select
    documents.document_id,
    item.position as entry_position,
    {{ json_text('item.element', 'id') }} as gl_entry_id,
    {{ json_text('item.element', 'glAccountId') }} as gl_account_id,
    {{ json_text('item.element', 'vendorId') }} as vendor_id,
    lower({{ json_text('item.element', 'type') }}) as entry_side,
    {{ json_decimal('item.element', '$.amount.instructedAmount.stringValue') }} as amount_instructed,
    {{ json_text('item.element', '$.amount.instructedAmount.currency') }} as currency_code,
    {{ json_decimal('item.element', '$.amount.baseAmount.stringValue') }} as amount_base,
    {{ json_text('item.element', '$.amount.baseAmount.currency') }} as base_currency_code
from {{ ref('stg_atlar__documents') }} as documents
cross join {{ json_elements('documents.gl_entries') }}
