-- Bills from vendors, in every status.
-- Journal entries that stand for a side of an order are among them (stg_atlas_accounting__order_entries).
-- One row per bill.
with source as (
    {{ latest_version(with_order_entries('bills'), ['id']) }}
)

select
    id as bill_id,
    company_id,
    bill_number,
    nullif(trim(vendor_bill_number), '') as vendor_bill_number,
    vendor_id,
    bill_date,
    coalesce(due_date, bill_date) as due_date,
    currency as currency_code,
    lower(status) as bill_status,
    lower(coalesce(status, 'draft')) not in ('draft', 'pending', 'voided') as is_issued,
    lower(coalesce(status, '')) = 'voided' as is_voided,
    subtotal as amount_subtotal,
    tax_amount as amount_tax,
    total_amount as amount_total,
    amount_paid,
    amount_due,
    notes,
    try_cast(nullif(regexp_extract(notes, 'atlas_etrm:order:([0-9]+)', 1), '') as bigint) as order_id,
    coalesce(
        try_cast(nullif(regexp_extract(notes, 'atlas_etrm:order:[0-9]+:r([0-9]+)', 1), '') as integer), 1
    ) as order_revision,
    lines::json as lines,
    journal_entry_id_atlas_accounting,
    reversal_date,
    coalesce(is_reversed_by_us, false) as is_reversed_by_us,
    created_at,
    updated_at
from source
