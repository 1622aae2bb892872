-- How far the vendor said the books were closed, at each moment its company record was seen to change.
-- One row per kept version of a company.
select
    id as company_id,
    closed_through as closed_through_date,
    _landed_at as known_at,
    _landing_file as landing_file
from {{ source('raw_atlas_accounting', 'companies') }}
where not coalesce(_is_deleted, false)
