-- Issued invoices and bills in one shape: what stands in receivables and payables, whatever its date.
-- One row per side and document.
with documents as (
    select
        'receivable' as side,
        invoice_id as document_id,
        invoice_number as document_number,
        null::varchar as vendor_bill_number,
        invoice_status as document_status,
        customer_id as party_id,
        order_id,
        invoice_date as issue_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        journal_entry_id_atlas_accounting is not null as is_entry,
        updated_at
    from {{ ref('stg_atlas_accounting__invoices') }}
    where is_issued

    union all

    select
        'payable' as side,
        bill_id as document_id,
        bill_number as document_number,
        vendor_bill_number,
        bill_status as document_status,
        vendor_id as party_id,
        order_id,
        bill_date as issue_date,
        due_date,
        currency_code,
        amount_total,
        amount_due,
        journal_entry_id_atlas_accounting is not null as is_entry,
        updated_at
    from {{ ref('stg_atlas_accounting__bills') }}
    where is_issued
)

select
    documents.side,
    documents.document_id,
    documents.document_number,
    documents.vendor_bill_number,
    documents.document_status,
    documents.party_id,
    coalesce(parties.party_code, documents.party_id) as party_code,
    parties.party_name,
    documents.order_id,
    documents.issue_date,
    documents.due_date,
    -- The vendor lets a document leave its currency out; then it is the party's, else the company's.
    coalesce(documents.currency_code, parties.currency_code, parameters.base_currency_code) as currency_code,
    documents.amount_total,
    documents.amount_due,
    documents.is_entry,
    documents.updated_at
from documents
left join {{ ref('int_reconciliation__parties') }} as parties
    on documents.side = parties.side and documents.party_id = parties.party_id
cross join {{ ref('stg_operations__run_parameters') }} as parameters
