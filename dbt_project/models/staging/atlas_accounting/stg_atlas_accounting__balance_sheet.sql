-- Balance sheets as the vendor reported them.
-- One row per day asked for.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'balance_sheet'), ['as_of_date']) }}
)

select
    as_of_date,
    total_assets,
    total_liabilities,
    total_equity,
    assets::json as assets,
    liabilities::json as liabilities,
    equity::json as equity
from source
