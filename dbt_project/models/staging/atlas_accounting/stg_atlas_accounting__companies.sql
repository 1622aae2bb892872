-- Companies the service user may see, with what the vendor says about their books.
-- One row per company.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'companies'), ['id']) }}
)

select
    id as company_id,
    name as company_name,
    role as caller_role,
    base_currency as base_currency_code,
    fiscal_year_start as fiscal_year_start_month,
    tax_id,
    country as country_code,
    address::json as address,
    closed_through as closed_through_date
from source
