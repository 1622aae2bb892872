-- How far the books were closed by the company's setting or by the vendor's `period.closed`, at each moment that was
-- noted. The vendor's events each stand for themselves (they may come late, and there is none for a reopening); the
-- setting's last value counts, also where it was moved back.
-- One row per note.
select
    case source when 'setting' then source else source || ':' || period_end end as closing_source,
    period_end as closed_through_date,
    closed_at as known_at
from {{ source('raw_operations', 'closed_periods') }}
