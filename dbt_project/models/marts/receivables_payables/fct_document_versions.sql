-- The history of receivables and payables: every version of an invoice or bill that Tieout ever landed, whatever its
-- status, with the span in which it was the latest known. What was never known to anybody before the first landing is
-- not here.
-- One row per side, document and version. Amounts as the vendor said them, unrounded.
select
    side,
    document_id,
    document_number,
    vendor_bill_number,
    document_status,
    is_issued,
    party_id,
    order_id,
    issue_date,
    due_date,
    document_currency_code,
    cast(amount_total as decimal(38, 10)) as amount_total,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from {{ ref('stg_atlas_accounting__document_versions') }}
