-- Journal entries kept by hand or posted from outside.
-- One row per entry.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'journal_entries'), ['id']) }}
)

select
    id as journal_entry_id_atlas_accounting,
    company_id,
    entry_number,
    entry_date,
    description,
    -- The key stands first; the vendor's own reversal repeats the description behind words of its own.
    {{ journal_key('description') }} as journal_key,
    lower(entry_type) as entry_type,
    lower(source_type) as source_type,
    lower(status) as entry_status,
    lower(coalesce(status, 'draft')) in ('posted', 'reversed') as is_posted,
    currency as currency_code,
    lines::json as lines,
    created_at,
    updated_at
from source
