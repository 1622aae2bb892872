-- When settlement lines were first landed: before that instant nothing was known, whatever its date.
-- One row.
select min(_landed_at) as first_landed_at
from {{ source('raw_atlas_etrm', 'order_items') }}
