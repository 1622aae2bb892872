-- Issued invoices and bills as the cash forecast knows them, with nothing due on what was voided.
-- One row per document.
select
    side,
    document_id,
    document_number,
    party_code,
    party_name,
    order_id,
    issue_date,
    due_date,
    currency_code,
    amount_total,
    amount_due,
    false as is_voided
from {{ ref('int_reconciliation__issued_documents') }}

union all

select
    'receivable' as side,
    invoice_id as document_id,
    invoice_number as document_number,
    null::varchar as party_code,
    null::varchar as party_name,
    order_id,
    invoice_date as issue_date,
    due_date,
    currency_code,
    amount_total,
    0 as amount_due,
    true as is_voided
from {{ ref('stg_atlas_accounting__invoices') }}
where is_voided

union all

select
    'payable' as side,
    bill_id as document_id,
    bill_number as document_number,
    null::varchar as party_code,
    null::varchar as party_name,
    order_id,
    bill_date as issue_date,
    due_date,
    currency_code,
    amount_total,
    0 as amount_due,
    true as is_voided
from {{ ref('stg_atlas_accounting__bills') }}
where is_voided
