-- Journal entries that orders are due in the books: their own, where they are posted as entries and not as documents,
-- and the reversals of such entries that corrections take back. `control_text` is what the control account's line says,
-- by which the entry is recognised (stg_atlas_accounting__order_entries); null while the books lack the party.
-- One row per entry and side of the order.
with entries as (
    select
        {{ order_entry_id('sources.order_id', 'sources.revision') }} as journal_entry_id,
        sources.order_id,
        sources.direction,
        sources.entry_date,
        false as is_reversal,
        coalesce(orders.due_date, sources.entry_date) as due_date,
        case sources.direction when 'receivable' then 'customer ' else 'vendor ' end || matches.party_id
        || ' due ' || coalesce(orders.due_date, sources.entry_date) as control_text
    from {{ ref('int_posting__order_side_sources') }} as sources
    inner join {{ ref('int_settlement__orders') }} as orders
        on sources.order_id = orders.order_id
    inner join {{ ref('stg_operations__run_parameters') }} as parameters
        on parameters.posting_mode = 'journal_entries'
    left join {{ ref('int_settlement__party_matches') }} as matches
        on
            orders.counterparty_id = matches.counterparty_id
            and matches.side = case sources.direction when 'receivable' then 'customer' else 'vendor' end
            and not matches.is_ambiguous
    where
        sources.is_document_due
        -- An erpCode says that the order was booked; only a correction makes another entry.
        and (orders.erp_code is null or sources.revision > 1)

    union all

    select
        voided.reversal_entry_id as journal_entry_id,
        corrections.order_id,
        corrections.direction,
        voided.reversal_date as entry_date,
        true as is_reversal,
        null::date as due_date,
        null::varchar as control_text
    from {{ ref('int_posting__corrections') }} as corrections
    inner join {{ ref('int_posting__order_side_sources') }} as sources
        on
            corrections.order_id = sources.order_id
            and corrections.direction = sources.direction
            and sources.is_correction_due
    inner join {{ ref('int_posting__voided_documents') }} as voided
        on
            corrections.document_type = voided.document_type
            and corrections.document_id = voided.document_id
    where corrections.is_entry and corrections.is_issued
)

select
    entries.*,
    entries.is_reversal
    or count(entries.control_text) over (partition by entries.journal_entry_id)
    = count(*) over (partition by entries.journal_entry_id) as has_parties,
    booked.journal_entry_id_atlas_accounting,
    booked.entry_number,
    booked.entry_status,
    booked.copy_count
from entries
left join {{ ref('int_posting__entries_in_books') }} as booked
    on entries.journal_entry_id = booked.journal_entry_id
