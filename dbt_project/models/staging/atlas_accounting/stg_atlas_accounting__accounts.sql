-- The chart of accounts.
-- One row per account.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'accounts'), ['id']) }}
)

select
    id as account_id,
    company_id,
    account_number,
    name as account_name,
    lower(account_type) as account_type,
    parent_id as parent_account_id,
    currency as currency_code,
    coalesce(is_active, true) as is_active,
    description,
    created_at,
    updated_at
from source
