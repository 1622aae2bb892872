-- Which customer and which vendor an ATLAS counterparty is: by external id or id, else by VAT number, else by legal
-- name; the first rule that finds anybody decides. Two parties found, or two counterparties for one party, is
-- ambiguous and gives none.
-- One row per counterparty and side that finds at least one party.
with parties as (
    select
        'customer' as side,
        customer_id as party_id,
        external_id,
        customer_code as party_code,
        {{ normalise_vat_number('tax_id') }} as vat_number_normalised,
        {{ fold_name('display_name') }} as legal_name_folded
    from {{ ref('stg_atlas_accounting__customers') }}

    union all

    select
        'vendor' as side,
        vendor_id as party_id,
        external_id,
        vendor_code as party_code,
        {{ normalise_vat_number('tax_id') }} as vat_number_normalised,
        {{ fold_name('display_name') }} as legal_name_folded
    from {{ ref('stg_atlas_accounting__vendors') }}
),

candidates as (
    select
        counterparties.counterparty_id,
        parties.side,
        parties.party_id,
        parties.party_code,
        1 as precedence,
        'external_id' as match_method
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    inner join parties
        on counterparties.external_id = parties.external_id

    union

    select
        counterparties.counterparty_id,
        parties.side,
        parties.party_id,
        parties.party_code,
        1 as precedence,
        'external_id' as match_method
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    inner join parties
        on counterparties.external_id = parties.party_id

    union all

    select
        counterparties.counterparty_id,
        parties.side,
        parties.party_id,
        parties.party_code,
        2 as precedence,
        'vat_number' as match_method
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    inner join parties
        on counterparties.vat_number_normalised = parties.vat_number_normalised

    union all

    select
        counterparties.counterparty_id,
        parties.side,
        parties.party_id,
        parties.party_code,
        3 as precedence,
        'legal_name' as match_method
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    inner join parties
        on counterparties.legal_name_folded = parties.legal_name_folded
),

best as (
    select *
    from candidates
    qualify precedence = min(precedence) over (partition by counterparty_id, side)
),

counted as (
    select
        *,
        count(*) over (partition by side, party_id) as claimant_count
    from best
)

select
    counterparty_id,
    side,
    case when count(*) = 1 and max(claimant_count) = 1 then min(party_id) end as party_id,
    case when count(*) = 1 and max(claimant_count) = 1 then min(party_code) end as party_code,
    min(match_method) as match_method,
    count(*) > 1 or max(claimant_count) > 1 as is_ambiguous,
    count(*) as candidate_count,
    max(claimant_count) as claimant_count,
    string_agg(party_code, ', ' order by party_code) as candidate_codes
from counted
group by counterparty_id, side
