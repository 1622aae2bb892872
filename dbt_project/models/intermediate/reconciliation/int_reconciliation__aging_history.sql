-- Open items by age and open credits per party at the end of each month, as they are known at present.
-- One row per side, month end, party and currency with anything open. Months up to the business date.
with first_days as (
    select min(from_date) as from_date
    from {{ ref('int_reconciliation__open_spans') }}
),

month_ends as (
    select month.end_date as month_end_date
    from first_days
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    cross join {{ month_ends('first_days.from_date', 'parameters.as_of_date') }}
),

items as (
    select
        month_ends.month_end_date,
        spans.side,
        spans.party_id,
        spans.party_code,
        spans.party_name,
        spans.currency_code,
        case when spans.kind = 'document' then {{ money('spans.amount', 'spans.currency_code') }} else 0 end
            as amount_open,
        case when spans.kind = 'document' then 0 else {{ money('spans.amount', 'spans.currency_code') }} end
            as amount_credit,
        {{ aging_bucket('month_ends.month_end_date - spans.due_date') }} as aging_bucket
    from month_ends
    inner join {{ ref('int_reconciliation__open_spans') }} as spans
        on
            month_ends.month_end_date >= spans.from_date
            and month_ends.month_end_date < coalesce(spans.to_date, '9999-12-31'::date)
)

select
    side,
    month_end_date,
    party_id,
    party_code,
    party_name,
    currency_code,
    {{ aging_sums() }}
from items
group by side, month_end_date, party_id, party_code, party_name, currency_code
