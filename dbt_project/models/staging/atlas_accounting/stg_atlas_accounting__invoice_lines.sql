-- Lines of invoices, unnested from the document.
-- One row per line of an invoice.
{{ config(meta={'parts': {'by': 'invoice_id', 'of': ['stg_atlas_accounting__invoices']}}) }}
select
    invoices.invoice_id,
    item.position as line_number,
    {{ json_text('item.element', 'id') }} as line_id,
    {{ json_text('item.element', 'description') }} as description,
    {{ json_decimal('item.element', 'quantity') }} as quantity,
    {{ json_decimal('item.element', 'unit_price') }} as unit_price,
    {{ line_amount('item.element') }} as amount,
    coalesce(
        {{ json_text('item.element', 'revenue_account_id') }},
        {{ json_text('item.element', 'account_id') }}
    ) as account_id,
    {{ json_text('item.element', 'tax_rate_id') }} as tax_rate_id,
    invoices.currency_code
from {{ ref('stg_atlas_accounting__invoices') }} as invoices
cross join {{ json_elements('invoices.lines') }}
