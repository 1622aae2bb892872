-- Every version of customers and vendors that was landed, in one shape, with the span in which it was the latest known.
-- One row per side, party and version. Tombstones end the version before them and are no rows.
with customers as (
    {{ record_versions(source('raw_atlas_accounting', 'customers'), 'id', time_zone()) }}
),

vendors as (
    {{ record_versions(source('raw_atlas_accounting', 'vendors'), 'id', time_zone()) }}
)

select
    'receivable' as side,
    id as party_id,
    coalesce(nullif(trim(external_id), ''), id) as party_code,
    coalesce(nullif(trim(display_name), ''), name) as party_name,
    currency as currency_code,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from customers

union all

select
    'payable' as side,
    id as party_id,
    coalesce(nullif(trim(external_id), ''), id) as party_code,
    coalesce(nullif(trim(display_name), ''), name) as party_name,
    currency as currency_code,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from vendors
