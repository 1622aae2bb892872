-- Orders as settled, and what became of each.
-- One row per order.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_posting__order_sides',
    'int_posting__order_side_sources',
    'stg_atlas_etrm__invoices',
    'int_posting__order_documents',
    'int_settlement__vat_treatments',
    'int_settlement__orders',
    'int_settlement__order_totals',
    'int_settlement__order_holds',
]}}) }}
with sides as (
    select
        sides.order_id,
        count(*) filter (where sides.gross_amount <> 0) as side_count,
        count(*) filter (where sides.document_id is not null and not sides.is_voided) as document_count,
        count(*) filter (where sides.is_issued) as issued_count,
        count(*) filter (where sides.is_issued and sides.amount_due = 0) as settled_count,
        bool_or(sources.journal_source is not null) as is_journalled,
        -- A side that is gone, its document voided, keeps nothing waiting.
        bool_and(sides.is_issued) filter (
            where sides.gross_amount <> 0 or (sides.document_id is not null and not sides.is_voided)
        ) as is_posted,
        min(sides.document_date) as document_date,
        max(sources.revision) as revision,
        bool_or(sources.is_correction_due) as is_correction_due
    from {{ ref('int_posting__order_sides') }} as sides
    inner join {{ ref('int_posting__order_side_sources') }} as sources
        on
            sides.order_id = sources.order_id
            and sides.direction = sources.direction
    group by sides.order_id
),

atlas_etrm_invoices as (
    select
        invoices.order_id,
        count(*) as invoice_count,
        count(*) filter (where documents.document_id is not null) as linked_count,
        count(*) filter (where documents.document_id is not null and invoices.is_paid) as paid_count
    from {{ ref('stg_atlas_etrm__invoices') }} as invoices
    left join {{ ref('int_posting__order_documents') }} as documents
        on
            invoices.order_id = documents.order_id
            and invoices.external_id = documents.document_number
            and not documents.is_voided
    where invoices.order_id is not null
    group by invoices.order_id
),

vat_treatments as (
    select
        order_id,
        case
            when count(vat_treatment) < count(*) then null
            when count(distinct vat_treatment) = 1 then min(vat_treatment)
            else 'mixed'
        end as vat_treatment
    from {{ ref('int_settlement__vat_treatments') }}
    group by order_id
)

select
    orders.order_id,
    orders.order_name,
    orders.counterparty_id as counterparty_id_atlas_etrm,
    parties.counterparty_id,
    orders.order_status as status,
    orders.status_role,
    orders.order_type,
    orders.document_type as document_type_atlas_etrm,
    orders.document_reference,
    orders.registration_date,
    orders.due_date,
    orders.period_from_date as period_from,
    orders.period_to_date as period_to,
    sides.document_date,
    orders.contract_code,
    orders.erp_code,
    orders.currency_code,
    {{ money('orders.total_amount', 'orders.currency_code', or_null=true) }} as total_amount,
    coalesce(totals.item_count, 0) as item_count,
    coalesce(totals.net_receivable, 0)::decimal(20, 4) as net_receivable,
    coalesce(totals.vat_receivable, 0)::decimal(20, 4) as vat_receivable,
    coalesce(totals.gross_receivable, 0)::decimal(20, 4) as gross_receivable,
    coalesce(totals.net_payable, 0)::decimal(20, 4) as net_payable,
    coalesce(totals.vat_payable, 0)::decimal(20, 4) as vat_payable,
    coalesce(totals.gross_payable, 0)::decimal(20, 4) as gross_payable,
    coalesce(totals.gross_receivable, 0) <> 0 as has_receivable,
    coalesce(totals.gross_payable, 0) <> 0 as has_payable,
    treatments.vat_treatment,
    orders.is_posted_elsewhere,
    coalesce(sides.is_journalled, false) as is_journalled,
    coalesce(sides.is_journalled and sides.is_posted, false) as is_posted,
    coalesce(sides.revision, 1) as revision,
    coalesce(sides.is_correction_due, false) as is_correction_due,
    holds.order_id is not null as is_held,
    holds.hold_code,
    holds.hold_codes,
    case
        when holds.order_id is not null then 'held'
        when orders.is_posted_elsewhere then 'posted_elsewhere'
        when sides.is_correction_due then 'to_be_corrected'
        when orders.status_role in ('draft', 'rejected') then orders.status_role
        when coalesce(sides.side_count, 0) = 0 then 'ignored'
        when sides.document_count < sides.side_count then 'to_be_invoiced'
        when sides.issued_count < sides.side_count then 'document_draft'
        when
            sides.settled_count >= sides.side_count
            and atlas_etrm_invoices.paid_count >= sides.side_count
            then 'paid'
        when atlas_etrm_invoices.linked_count >= sides.side_count then 'invoice_written'
        when orders.erp_code is not null then 'erp_code_written'
        else 'invoiced'
    end as became,
    invoices.document_id as invoice_id,
    invoices.document_number as invoice_number,
    invoices.document_status as invoice_status,
    bills.document_id as bill_id,
    bills.document_number as bill_number,
    bills.document_status as bill_status,
    coalesce(atlas_etrm_invoices.invoice_count, 0) as atlas_etrm_invoice_count
from {{ ref('int_settlement__orders') }} as orders
left join sides
    on orders.order_id = sides.order_id
left join {{ ref('int_settlement__order_totals') }} as totals
    on orders.order_id = totals.order_id
left join vat_treatments as treatments
    on orders.order_id = treatments.order_id
left join {{ ref('int_settlement__order_holds') }} as holds
    on orders.order_id = holds.order_id
left join {{ ref('int_posting__order_documents') }} as invoices
    on
        orders.order_id = invoices.order_id
        and invoices.document_type = 'invoice'
left join {{ ref('int_posting__order_documents') }} as bills
    on
        orders.order_id = bills.order_id
        and bills.document_type = 'bill'
left join atlas_etrm_invoices
    on orders.order_id = atlas_etrm_invoices.order_id
left join {{ ref('dim_counterparties') }} as parties
    on orders.counterparty_id = parties.counterparty_id_atlas_etrm
