-- The accounting document born from an order: found by the key in its notes (`atlas_etrm:order:<id>`), else, for
-- orders without one, by its number standing in erpCode (booked elsewhere). Voided ones are kept.
-- One row per order and document type (invoice for its receivable side, bill for its payable side).
with documents as (
    select
        'invoice' as document_type,
        invoice_id as document_id,
        invoice_number as document_number,
        invoice_status as document_status,
        order_id as keyed_order_id,
        customer_id as party_id,
        invoice_date as document_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        is_issued,
        is_voided,
        created_at
    from {{ ref('stg_atlas_accounting__invoices') }}

    union all

    select
        'bill' as document_type,
        bill_id as document_id,
        bill_number as document_number,
        bill_status as document_status,
        order_id as keyed_order_id,
        vendor_id as party_id,
        bill_date as document_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        is_issued,
        is_voided,
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
    order_id,
    document_type,
    document_id,
    document_number,
    document_status,
    link,
    party_id,
    document_date,
    due_date,
    currency_code,
    amount_total,
    amount_due,
    is_issued,
    is_voided,
    count(*) filter (where not is_voided) over (partition by order_id, document_type) as live_document_count,
    -- One document may stand in the erpCode of several orders; the first of them carries it in the journal.
    row_number() over (partition by document_type, document_id order by order_id) = 1 as is_first_order
from linked
qualify
    row_number() over (
        partition by order_id, document_type
        order by is_voided asc, is_issued desc, created_at asc nulls last, document_id asc
    ) = 1
