-- Issued invoices and bills as they stood at the end of the business date: what was settled by then, what was
-- open, and how long past due. Documents issued later are absent; payments made later do not count.
-- One row per side and document.
{{ config(meta={'parts': {'by': 'document_id', 'of': [
    'int_reconciliation__issued_documents',
    'int_reconciliation__settlements',
]}}) }}
with settled as (
    select
        settlements.side,
        settlements.document_id,
        sum(settlements.amount_settled) as amount_applied,
        sum(settlements.amount_discount) as amount_discount,
        max(settlements.settlement_date) as last_settlement_date
    from {{ ref('int_reconciliation__settlements') }} as settlements
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    where settlements.settlement_date <= parameters.as_of_date
    group by settlements.side, settlements.document_id
)

select
    documents.side,
    documents.document_id,
    documents.document_number,
    documents.vendor_bill_number,
    documents.document_status,
    documents.party_id,
    documents.party_code,
    documents.party_name,
    documents.order_id,
    documents.issue_date,
    documents.due_date,
    documents.currency_code,
    documents.amount_total,
    coalesce(settled.amount_applied, 0) as amount_applied,
    coalesce(settled.amount_discount, 0) as amount_discount,
    documents.amount_total - coalesce(settled.amount_applied, 0) as amount_open,
    -- A document below zero is a credit note: it is owed to the other side, and has no age.
    coalesce(documents.amount_total < 0, false) as is_credit_note,
    settled.last_settlement_date,
    parameters.as_of_date - documents.due_date as days_past_due,
    {{ aging_bucket('parameters.as_of_date - documents.due_date') }} as aging_bucket,
    parameters.as_of_date
from {{ ref('int_reconciliation__issued_documents') }} as documents
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join settled
    on documents.side = settled.side and documents.document_id = settled.document_id
where documents.issue_date <= parameters.as_of_date
