-- Customers: the parties invoices are made out to.
-- One row per customer.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'customers'), ['id']) }}
)

select
    id as customer_id,
    company_id,
    nullif(trim(external_id), '') as external_id,
    coalesce(nullif(trim(external_id), ''), id) as customer_code,
    coalesce(nullif(trim(display_name), ''), name) as display_name,
    email,
    phone,
    nullif(trim(tax_id), '') as tax_id,
    nullif(trim(gl_account), '') as gl_account,
    {{ compact_code('iban') }} as iban,
    {{ compact_code('swift_bic') }} as swift_bic,
    payment_terms,
    currency as currency_code,
    balance as amount_balance,
    coalesce(is_active, true) as is_active,
    discount_percent,
    discount_days,
    net_days,
    billing_address::json as billing_address,
    {{ json_text('billing_address', 'country') }} as country_code,
    created_at,
    updated_at
from source
