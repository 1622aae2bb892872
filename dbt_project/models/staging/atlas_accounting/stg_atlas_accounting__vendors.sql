-- Vendors: the parties bills come from.
-- One row per vendor.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'vendors'), ['id']) }}
)

select
    id as vendor_id,
    company_id,
    nullif(trim(external_id), '') as external_id,
    coalesce(nullif(trim(external_id), ''), id) as vendor_code,
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
    created_at,
    updated_at
from source
