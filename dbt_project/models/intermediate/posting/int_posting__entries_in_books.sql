-- Journal entries of Atlas Accounting that carry one of our journal ids at the beginning of their description; of
-- several with one id the posted one counts, else the oldest. The vendor's own reversals are none of ours.
-- One row per journal id.
select
    journal_key as journal_entry_id,
    journal_entry_id_atlas_accounting,
    entry_number,
    entry_date,
    entry_status,
    is_posted,
    lines,
    created_at,
    count(*) over (partition by journal_key) as copy_count
from {{ ref('stg_atlas_accounting__journal_entries') }}
where journal_key is not null and coalesce(source_type, '') <> 'reversal'
qualify
    row_number() over (
        partition by journal_key
        order by is_posted desc, created_at asc nulls last, journal_entry_id_atlas_accounting asc
    ) = 1
