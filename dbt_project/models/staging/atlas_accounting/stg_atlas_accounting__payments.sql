-- Payments received from customers.
-- One row per payment.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'payments'), ['id']) }}
)

select
    id as payment_id,
    company_id,
    customer_id,
    payment_date,
    amount,
    currency as currency_code,
    payment_method,
    deposit_account_id,
    reference_number,
    unapplied_amount as amount_unapplied,
    applications::json as applications,
    lower(status) as payment_status,
    created_at,
    updated_at
from source
