-- The parties of the books, customers and vendors in one shape.
-- One row per side and party.
select
    'receivable' as side,
    customer_id as party_id,
    customer_code as party_code,
    display_name as party_name,
    currency_code
from {{ ref('stg_atlas_accounting__customers') }}

union all

select
    'payable' as side,
    vendor_id as party_id,
    vendor_code as party_code,
    display_name as party_name,
    currency_code
from {{ ref('stg_atlas_accounting__vendors') }}
