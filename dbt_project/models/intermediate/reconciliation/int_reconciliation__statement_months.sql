-- The months the statements are drawn up for: from the first that anything was posted in to the running one.
-- One row per month.
with first_months as (
    select min(month_end_date) as month_end_date
    from {{ ref('int_reconciliation__account_movements') }}
),

companies as (
    select min({{ fiscal_first_month('fiscal_year_start_month') }}) as first_month
    from {{ ref('stg_atlas_accounting__companies') }}
)

select
    month.end_date as month_end_date,
    {{ fiscal_year_start('month.end_date', 'coalesce(companies.first_month, 1)') }} as fiscal_year_start_date
from first_months
cross join companies
cross join {{ ref('stg_operations__run_parameters') }} as parameters
cross join {{ month_ends('first_months.month_end_date', 'last_day(parameters.as_of_date)') }}
