-- Lines of documents that were voided after they were issued, as they were last issued.
-- One row per line of such a document.
select
    histories.document_type,
    histories.document_id,
    item.position as line_number,
    {{ json_text('item.element', 'description') }} as description,
    {{ line_amount('item.element') }} as amount,
    coalesce(
        {{ json_text('item.element', 'revenue_account_id') }},
        {{ json_text('item.element', 'expense_account_id') }},
        {{ json_text('item.element', 'account_id') }}
    ) as account_id
from {{ ref('stg_atlas_accounting__document_histories') }} as histories
cross join {{ json_elements('histories.issued_lines') }}
where histories.is_voided and histories.was_issued
