-- Invoices to customers, in every status.
-- Journal entries that stand for a side of an order are among them (stg_atlas_accounting__order_entries).
-- One row per invoice.
with source as (
    {{ latest_version(with_order_entries('invoices'), ['id']) }}
)

select
    id as invoice_id,
    company_id,
    invoice_number,
    customer_id,
    invoice_date,
    coalesce(due_date, invoice_date) as due_date,
    currency as currency_code,
    lower(status) as invoice_status,
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
    updated_at,
    discount_percent,
    discount_days
from source
