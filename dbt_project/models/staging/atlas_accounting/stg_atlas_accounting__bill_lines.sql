-- Lines of bills, unnested from the document.
-- One row per line of a bill.
{{ config(meta={'parts': {'by': 'bill_id', 'of': ['stg_atlas_accounting__bills']}}) }}
select
    bills.bill_id,
    item.position as line_number,
    {{ json_text('item.element', 'id') }} as line_id,
    {{ json_text('item.element', 'description') }} as description,
    {{ json_decimal('item.element', 'quantity') }} as quantity,
    {{ json_decimal('item.element', 'unit_price') }} as unit_price,
    {{ line_amount('item.element') }} as amount,
    coalesce(
        {{ json_text('item.element', 'expense_account_id') }},
        {{ json_text('item.element', 'account_id') }}
    ) as account_id,
    {{ json_text('item.element', 'tax_rate_id') }} as tax_rate_id,
    bills.currency_code
from {{ ref('stg_atlas_accounting__bills') }} as bills
cross join {{ json_elements('bills.lines') }}
