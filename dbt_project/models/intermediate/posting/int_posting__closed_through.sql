-- How far the books are closed at present, by the vendor, by its `period.closed` or by the company's own setting:
-- nothing is dated in a closed period.
-- One row, always; nulls where nothing is closed.
select
    max(closed_through_date) as closed_through_date,
    max(first_open_date) as first_open_date
from {{ ref('int_posting__closings') }}
where known_until = '9999-12-31'::timestamptz
