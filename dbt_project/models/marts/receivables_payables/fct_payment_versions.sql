-- The history of payments received and made: every version that Tieout ever landed, with the span in which it was the
-- latest known.
-- One row per side, payment and version. Amounts as the vendor said them, unrounded.
select
    side,
    payment_id,
    party_id,
    payment_date,
    cast(amount as decimal(38, 10)) as amount,
    payment_currency_code,
    reference_number,
    payment_status,
    is_effective,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from {{ ref('stg_atlas_accounting__payment_versions') }}
