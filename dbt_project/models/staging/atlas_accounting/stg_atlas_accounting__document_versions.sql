-- Every version of invoices and bills that was landed, in one shape, with the span in which it was the latest known.
-- One row per side, document and version. Tombstones end the version before them and are no rows.
with invoices as (
    {{ record_versions(with_order_entries('invoices'), 'id', time_zone()) }}
),

bills as (
    {{ record_versions(with_order_entries('bills'), 'id', time_zone()) }}
)

select
    'receivable' as side,
    id as document_id,
    invoice_number as document_number,
    null::varchar as vendor_bill_number,
    lower(status) as document_status,
    lower(coalesce(status, 'draft')) not in ('draft', 'pending', 'voided') as is_issued,
    customer_id as party_id,
    try_cast(nullif(regexp_extract(notes, 'atlas_etrm:order:([0-9]+)', 1), '') as bigint) as order_id,
    invoice_date as issue_date,
    coalesce(due_date, invoice_date) as due_date,
    currency as document_currency_code,
    total_amount as amount_total,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from invoices

union all

select
    'payable' as side,
    id as document_id,
    bill_number as document_number,
    nullif(trim(vendor_bill_number), '') as vendor_bill_number,
    lower(status) as document_status,
    lower(coalesce(status, 'draft')) not in ('draft', 'pending', 'voided') as is_issued,
    vendor_id as party_id,
    try_cast(nullif(regexp_extract(notes, 'atlas_etrm:order:([0-9]+)', 1), '') as bigint) as order_id,
    bill_date as issue_date,
    coalesce(due_date, bill_date) as due_date,
    currency as document_currency_code,
    total_amount as amount_total,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from bills
