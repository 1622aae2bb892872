-- Guards what is sent to Atlas Accounting: each side of an order becomes a document or a journal entry, in whichever
-- mode, and neither is due again while one of both lives. Otherwise the order would stand in the ledger twice.
with due as (
    select
        order_id,
        'receivable' as direction,
        'invoice' as posted_as
    from {{ ref('sync_atlas_accounting__invoices') }}

    union all

    select
        order_id,
        'payable' as direction,
        'bill' as posted_as
    from {{ ref('sync_atlas_accounting__bills') }}

    union all

    select
        due.order_id,
        due.direction,
        'entry' as posted_as
    from {{ ref('int_posting__order_entries_due') }} as due
    inner join {{ ref('sync_atlas_accounting__journal_entries') }} as entries
        on entries.sync_key = 'entry:' || due.journal_entry_id
    where not due.is_reversal
),

standing as (
    select
        order_id,
        case document_type when 'invoice' then 'receivable' else 'payable' end as direction,
        document_type || ' ' || coalesce(document_number, document_id) as posted_as
    from {{ ref('int_posting__order_documents') }}
    where not is_voided
),

every as (
    select * from due
    union all
    select standing.*
    from standing
    inner join due on standing.order_id = due.order_id and standing.direction = due.direction
)

select
    order_id,
    direction,
    string_agg(posted_as, ', ' order by posted_as) as posted_as
from every
group by order_id, direction
having count(*) > 1
