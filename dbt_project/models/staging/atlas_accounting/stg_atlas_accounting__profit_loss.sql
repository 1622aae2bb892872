-- Profit and loss statements as the vendor reported them.
-- One row per period asked for.
with source as (
    {{ latest_version(source('raw_atlas_accounting', 'profit_loss'), ['period_start', 'period_end']) }}
)

select
    period_start as period_start_date,
    period_end as period_end_date,
    total_revenue,
    total_expenses,
    net_income,
    revenue::json as revenue,
    expenses::json as expenses
from source
