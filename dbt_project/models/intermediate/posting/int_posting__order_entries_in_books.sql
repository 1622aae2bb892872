-- Posted journal entries of Atlas Accounting that stand for orders or take such entries back: the journal holds them as
-- documents and reversals of orders, so they are nobody's manual entries.
-- One row per entry.
select
    entries.journal_entry_id_atlas_accounting,
    entries.entry_number
from {{ ref('stg_atlas_accounting__journal_entries') }} as entries
where
    entries.is_posted
    and entries.journal_entry_id_atlas_accounting in (
        select journal_entry_id_atlas_accounting from {{ ref('stg_atlas_accounting__order_entries') }}
        union
        select reversal_entry_id from {{ ref('stg_atlas_accounting__order_entries') }}
        where reversal_entry_id is not null
    )
