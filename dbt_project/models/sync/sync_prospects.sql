-- What the writes that follow from an order's document will hold: send or approve, erpCode, ATLAS ETRM invoice.
-- One row per order and direction whose chain is not complete. Nothing is sent from here: the planner foresees with it
-- what the sync models will hold due once the document exists, so that one approval carries an order to its end.
with documents as (
    select
        'receivable' as direction,
        invoice_id as document_id,
        invoice_date as issue_date,
        due_date,
        null::varchar as vendor_bill_number,
        currency_code,
        amount_total
    from {{ ref('stg_atlas_accounting__invoices') }}

    union all

    select
        'payable' as direction,
        bill_id as document_id,
        bill_date as issue_date,
        due_date,
        vendor_bill_number,
        currency_code,
        amount_total
    from {{ ref('stg_atlas_accounting__bills') }}
),

sides as (
    select
        orders.*,
        'receivable' as direction,
        'receivables' as control,
        orders.invoice_id as document_id,
        orders.invoice_number as document_number,
        orders.invoice_status as document_status,
        orders.gross_receivable as gross_amount
    from {{ ref('fct_orders') }} as orders
    where orders.has_receivable

    union all

    select
        orders.*,
        'payable' as direction,
        'payables' as control,
        orders.bill_id as document_id,
        orders.bill_number as document_number,
        orders.bill_status as document_status,
        orders.gross_payable as gross_amount
    from {{ ref('fct_orders') }} as orders
    where orders.has_payable
)

select
    sides.order_id,
    sides.direction,
    sides.order_name,
    sides.currency_code,
    sides.total_amount,
    sides.erp_code,
    sides.document_id,
    sides.document_number,
    sides.document_id is not null and sides.document_status = 'draft' as is_draft,
    sides.document_id is not null and sides.document_status not in ('draft', 'pending', 'voided') as is_issued,
    documents.issue_date::varchar as issue_date,
    documents.due_date::varchar as due_date,
    documents.vendor_bill_number,
    {{ minor_unit_text('coalesce(documents.amount_total, sides.gross_amount)', 'sides.currency_code') }} as amount_text,
    coalesce(documents.amount_total, sides.gross_amount)::decimal(20, 4) as amount,
    accounts.account_id as control_account_id
from sides
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join documents
    on
        sides.direction = documents.direction
        and sides.document_id = documents.document_id
left join {{ ref('int_posting__control_accounts') }} as controls
    on
        coalesce(documents.currency_code, sides.currency_code) = controls.currency_code
        and sides.control = controls.control
left join {{ ref('int_write_back__numbered_accounts') }} as accounts
    on controls.account_number = accounts.account_number
where
    sides.became in ('to_be_invoiced', 'document_draft', 'invoiced', 'erp_code_written')
    and sides.status_role in ('ready', 'processed', 'settled')
    and not sides.is_held
    and not sides.is_posted_elsewhere
    and parameters.posting_mode = 'documents'
