-- The accounting document born from an order, or the journal entry posted instead of it (`is_entry`): found by the key
-- in its notes, or at the beginning of its description (`atlas_etrm:order:<id>`, corrections `…:r2` and so on), else,
-- for orders without one, by its number standing in erpCode (booked elsewhere). Voided ones are kept; of several the
-- living one, else the latest revision.
-- One row per order and document type (invoice for its receivable side, bill for its payable side).
with documents as (
    select
        'invoice' as document_type,
        invoice_id as document_id,
        invoice_number as document_number,
        invoice_status as document_status,
        order_id as keyed_order_id,
        order_revision as revision,
        customer_id as party_id,
        invoice_date as document_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        is_issued,
        is_voided,
        is_reversed_by_us,
        journal_entry_id_atlas_accounting,
        created_at
    from {{ ref('stg_atlas_accounting__invoices') }}

    union all

    select
        'bill' as document_type,
        bill_id as document_id,
        bill_number as document_number,
        bill_status as document_status,
        order_id as keyed_order_id,
        order_revision as revision,
        vendor_id as party_id,
        bill_date as document_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        is_issued,
        is_voided,
        is_reversed_by_us,
        journal_entry_id_atlas_accounting,
        created_at
    from {{ ref('stg_atlas_accounting__bills') }}
),

by_key as (
    select
        orders.order_id,
        'key' as link,
        documents.*
    from {{ ref('stg_atlas_etrm__orders') }} as orders
    inner join documents
        on orders.order_id = documents.keyed_order_id
),

erp_codes as (
    select
        orders.order_id,
        trim(code.number) as document_number
    from {{ ref('stg_atlas_etrm__orders') }} as orders
    cross join unnest(string_split(orders.erp_code, '+')) as code (number)
    where
        orders.erp_code is not null
        and orders.order_id not in (select by_key.order_id from by_key)
),

by_erp_code as (
    select
        erp_codes.order_id,
        'erp_code' as link,
        documents.*
    from erp_codes
    inner join documents
        on erp_codes.document_number = documents.document_number
    -- A document that carries another order's key is that order's, whatever erpCode says.
    where documents.keyed_order_id is null
),

linked as (
    select * from by_key
    union all
    select * from by_erp_code
)

select
    linked.order_id,
    linked.document_type,
    linked.document_id,
    linked.document_number,
    linked.document_status,
    linked.link,
    linked.journal_entry_id_atlas_accounting,
    linked.journal_entry_id_atlas_accounting is not null as is_entry,
    linked.revision,
    linked.party_id,
    linked.document_date,
    linked.due_date,
    linked.currency_code,
    linked.amount_total,
    linked.amount_due,
    linked.is_issued,
    linked.is_voided,
    -- Asked for by us, or replaced by us: a revision is made only after its predecessor was voided for it.
    linked.is_voided and (
        voids.document_id is not null
        or coalesce(linked.is_reversed_by_us, false)
        or linked.revision < max(linked.revision) over (partition by linked.order_id, linked.document_type)
    ) as is_voided_by_us,
    coalesce(histories.has_changed_since_made, false) as has_changed_since_made,
    coalesce(linked.is_issued or (linked.is_voided and histories.was_issued), false) as was_issued,
    max(linked.revision) over (partition by linked.order_id, linked.document_type) as latest_revision,
    coalesce(max(linked.revision) filter (where linked.is_issued or histories.was_issued) over (
        partition by linked.order_id
    ), 0) as latest_issued_revision,
    count(*) filter (where not linked.is_voided) over (
        partition by linked.order_id, linked.document_type
    ) as live_document_count,
    -- One document may stand in the erpCode of several orders; the first of them carries it in the journal.
    row_number() over (
        partition by linked.document_type, linked.document_id order by linked.order_id
    ) = 1 as is_first_order
from linked
left join {{ ref('stg_operations__document_voids') }} as voids
    on
        linked.document_type = voids.document_type
        and linked.document_id = voids.document_id
        -- Held: a person was there first.
        and voids.delivery_status <> 'held'
left join {{ ref('stg_atlas_accounting__document_histories') }} as histories
    on
        linked.document_type = histories.document_type
        and linked.document_id = histories.document_id
qualify
    row_number() over (
        partition by linked.order_id, linked.document_type
        order by
            linked.is_voided asc,
            linked.is_issued desc,
            linked.revision desc,
            linked.created_at asc nulls last,
            linked.document_id asc
    ) = 1
