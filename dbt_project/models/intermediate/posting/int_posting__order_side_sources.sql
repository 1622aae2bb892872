-- What carries each side of an order in the journal. Before its document is issued: our own rules (`items`). After
-- it: the same while they still give the document's figures, else the document's own lines (`document`), because a
-- posted entry never changes, whatever is edited later.
-- One row per order and direction.
with derived_balances as (
    select
        order_id,
        direction,
        gl_account,
        sum(case entry_side when 'debit' then amount else -amount end) as amount
    from {{ ref('int_posting__order_lines') }}
    group by order_id, direction, gl_account
),

documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
),

document_balances as (
    select
        sides.order_id,
        sides.direction,
        documents.gl_account,
        sum(case documents.entry_side when 'debit' then documents.amount else -documents.amount end) as amount
    from {{ ref('int_posting__order_sides') }} as sides
    inner join documents
        on
            sides.document_id = documents.source_document_id
            and sides.document_type = documents.source_document_type
    group by sides.order_id, sides.direction, documents.gl_account
),

differing_sides as (
    select distinct
        coalesce(derived_balances.order_id, document_balances.order_id) as order_id,
        coalesce(derived_balances.direction, document_balances.direction) as direction
    from derived_balances
    full outer join document_balances
        on
            derived_balances.order_id = document_balances.order_id
            and derived_balances.direction = document_balances.direction
            and derived_balances.gl_account = document_balances.gl_account
    where coalesce(derived_balances.amount, 0) <> coalesce(document_balances.amount, 0)
)

select
    sides.order_id,
    sides.direction,
    sides.document_type,
    sides.document_id,
    sides.link,
    sides.is_issued,
    case
        when sides.is_issued and (not sides.is_derived or differing_sides.order_id is not null)
            -- A document shared by several orders is carried by the first of them.
            then case when sides.is_first_order then 'document' end
        when sides.is_derived and not sides.is_voided then 'items'
    end as journal_source
from {{ ref('int_posting__order_sides') }} as sides
left join differing_sides
    on
        sides.order_id = differing_sides.order_id
        and sides.direction = differing_sides.direction
