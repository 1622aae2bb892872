-- Payments made to vendors.
-- One row per payment.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'payments_made'), ['id']) }}
)

select
    id as payment_made_id,
    company_id,
    vendor_id,
    payment_date,
    amount,
    currency as currency_code,
    payment_method,
    payment_account_id,
    reference_number,
    notes,
    unapplied_amount as amount_unapplied,
    applications::json as applications,
    lower(status) as payment_status,
    created_at,
    updated_at
from source
