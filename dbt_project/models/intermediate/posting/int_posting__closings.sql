-- How far the books were closed at any moment: the furthest of what the vendor's company record, its `period.closed`
-- event and the company's own setting said by then. A closing taken back counts from then on.
-- One row per moment at which that became known, from the beginning of time.
with notes as (
    select
        'atlas_accounting:' || company_id as closing_source,
        closed_through_date,
        known_at,
        landing_file as tie_breaker
    from {{ ref('stg_atlas_accounting__closings') }}

    union all

    select
        closing_source,
        closed_through_date,
        known_at,
        null::varchar as tie_breaker
    from {{ ref('stg_operations__closings') }}
),

lasting as (
    select
        closing_source,
        closed_through_date,
        known_at,
        lead(known_at) over (
            partition by closing_source order by known_at asc, tie_breaker asc nulls first
        ) as replaced_at
    from notes
),

moments as (
    select distinct known_at from notes
    where known_at is not null
),

closed as (
    select
        moments.known_at,
        max(lasting.closed_through_date) as closed_through_date
    from moments
    left join lasting
        on
            moments.known_at >= lasting.known_at
            and moments.known_at < coalesce(lasting.replaced_at, '9999-12-31'::timestamptz)
    group by moments.known_at
)

select
    known_at,
    coalesce(lead(known_at) over (order by known_at), '9999-12-31'::timestamptz) as known_until,
    closed_through_date,
    closed_through_date + 1 as first_open_date
from closed

union all

select
    '0001-01-01'::timestamptz as known_at,
    coalesce(min(known_at), '9999-12-31'::timestamptz) as known_until,
    null::date as closed_through_date,
    null::date as first_open_date
from closed
