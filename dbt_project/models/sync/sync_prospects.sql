-- What the writes that follow from an order's document, or from the journal entry posted instead of it, will hold:
-- send, approve or post, erpCode, ATLAS ETRM invoice.
-- One row per order and direction whose chain is not complete. Nothing is sent from here: the planner foresees with it
-- what the sync models will hold due once the document exists, so that one approval carries an order to its end.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['fct_orders']}}) }}
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

-- The entry that is to be made for a side; of a mixed order one for both, its number then has an ending for each.
entries as (
    select
        order_id,
        direction,
        journal_entry_id,
        due_date,
        min(entry_date) over (partition by journal_entry_id) as entry_date,
        case
            when count(*) over (partition by journal_entry_id) = 1 then ''
            when direction = 'receivable' then '-AR'
            else '-AP'
        end as number_ending
    from {{ ref('int_posting__order_entries_due') }}
    where not is_reversal and has_parties and journal_entry_id_atlas_accounting is null
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
    coalesce(documents.issue_date, entries.entry_date)::varchar as issue_date,
    coalesce(documents.due_date, entries.due_date)::varchar as due_date,
    documents.vendor_bill_number,
    {{ minor_unit_text('coalesce(documents.amount_total, sides.gross_amount)', 'sides.currency_code') }} as amount_text,
    coalesce(documents.amount_total, sides.gross_amount)::decimal(20, 4) as amount,
    accounts.account_id as control_account_id,
    'entry:' || entries.journal_entry_id as entry_key,
    {{ order_entry_document_id("''", 'sides.direction') }} as entry_id_ending,
    entries.number_ending as entry_number_ending
from sides
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join documents
    on
        sides.direction = documents.direction
        and sides.document_id = documents.document_id
left join entries
    on
        sides.order_id = entries.order_id
        and sides.direction = entries.direction
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
    -- What the other mode began is finished as it was begun.
    and (parameters.posting_mode = 'documents' or sides.document_id is not null or entries.order_id is not null)
