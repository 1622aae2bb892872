-- Trial balances as the vendor reported them.
-- One row per day asked for.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'trial_balance'), ['as_of_date']) }}
)

select
    as_of_date,
    total_debits,
    total_credits,
    accounts::json as accounts
from source
