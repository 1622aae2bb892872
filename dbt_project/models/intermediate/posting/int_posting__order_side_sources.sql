-- What carries each side of an order in the journal. Before its document is issued: our own rules (`items`). After it:
-- the same while they still give the document's figures, else the document's own lines (`document`), because a posted
-- entry never changes, whatever is edited later. Where the document is to be replaced, our rules carry its revision
-- beside it (`has_revision`).
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
),

decided as (
    select
        sides.*,
        holds.order_id is not null as is_held,
        sides.is_postable and holds.order_id is null as is_derived,
        differing_sides.order_id is not null as is_differing,
        corrections.order_id is not null and holds.order_id is null as is_correction_due
    from {{ ref('int_posting__order_sides') }} as sides
    left join differing_sides
        on
            sides.order_id = differing_sides.order_id
            and sides.direction = differing_sides.direction
    left join {{ ref('int_settlement__order_holds') }} as holds
        on sides.order_id = holds.order_id
    left join {{ ref('int_posting__corrections') }} as corrections
        on
            sides.order_id = corrections.order_id
            and sides.direction = corrections.direction
            and corrections.blocked_by is null
)

select
    order_id,
    direction,
    document_type,
    document_id,
    link,
    is_issued,
    is_held,
    is_derived,
    is_correction_due,
    case
        when is_issued and (is_correction_due or not is_derived or is_differing)
            -- A document shared by several orders is carried by the first of them.
            then case when is_first_order then 'document' end
        when is_derived and (not is_voided or is_voided_by_us) then 'items'
    end as journal_source,
    is_issued and is_correction_due and is_derived as has_revision,
    -- Nothing stands in the books for what our rules give: a document is to be made.
    is_derived and (document_id is null or coalesce(is_voided_by_us, false)) as is_document_due,
    case
        when document_id is null or is_voided or is_correction_due then next_revision
        else document_revision
    end as revision,
    case
        when document_id is null or is_voided or is_correction_due then next_document_date
        else document_date
    end as entry_date
from decided
