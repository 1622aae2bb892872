-- Lines of journal entries, unnested from the entry.
-- One row per line of a journal entry.
select
    journal_entries.journal_entry_id_atlas_accounting,
    item.position as line_number,
    {{ json_text('item.element', 'account_id') }} as account_id,
    lower({{ json_text('item.element', 'entry_type') }}) as entry_side,
    {{ json_decimal('item.element', 'amount') }} as amount,
    {{ json_text('item.element', 'description') }} as description,
    journal_entries.currency_code
from {{ ref('stg_atlas_accounting__journal_entries') }} as journal_entries
cross join {{ json_elements('journal_entries.lines') }}
