-- The history of customers and vendors: every version that Tieout ever landed, with the span in which it was the latest
-- known. The first one also names the party for the time before it, so that a document landed a moment earlier, on the
-- day before, is not without a name.
-- One row per side, party and version.
select
    side,
    party_id,
    party_code,
    party_name,
    currency_code,
    known_from,
    known_to,
    case
        when row_number() over (partition by side, party_id order by known_from asc nulls last) = 1
            then '0001-01-01'::date
        else known_from_date
    end as known_from_date,
    known_to_date
from {{ ref('stg_atlas_accounting__party_versions') }}
