-- The month ends at which an event is posted, and the instant up to which what is known counts for each: the end of
-- the cutoff day in the company's zone, or the first landing, where that came later.
-- One row per event and month end up to the business date.
select
    policies.event,
    month.end_date as month_end_date,
    strftime(month.end_date, '%Y-%m') as period,
    greatest(
        timezone(parameters.time_zone, cast(month.end_date + policies.cutoff_days + 1 as timestamp))
        - interval 1 microsecond,
        first_landing.first_landed_at
    ) as known_through_at,
    -- What may still become known is not sent yet.
    parameters.as_of_date > month.end_date + policies.cutoff_days as is_due,
    month.end_date <= coalesce(closed.closed_through_date, month.end_date - 1) as is_closed,
    greatest(month.end_date + 1, coalesce(closed.closed_through_date + 1, month.end_date + 1)) as reversal_date,
    month.end_date + 1 <= parameters.as_of_date as is_reversed
from {{ ref('posting_policies') }} as policies
cross join {{ ref('stg_operations__run_parameters') }} as parameters
cross join {{ ref('int_posting__closed_through') }} as closed
cross join {{ ref('stg_atlas_etrm__first_landing') }} as first_landing
cross join {{ month_ends('policies.valid_from_date', 'parameters.as_of_date') }}
-- The other events follow the day of what they are about, and wait for nobody's cutoff.
where policies.event = 'accrual' or policies.event like 'revaluation%'
