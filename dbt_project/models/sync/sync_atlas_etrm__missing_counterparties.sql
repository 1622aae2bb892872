-- Parties of the books that ATLAS ETRM lacks, where the books make new counterparties (seed `field_authority`, field
-- `record`). Without bank details: those follow as a change of their own, which needs an approval.
-- One row per party; a customer and a vendor with one code, VAT number or name are one counterparty.
with authority as (
    select
        count(*) filter (where field = 'record' and authority = 'atlas_accounting') > 0 as is_ours,
        count(*) filter (where field = 'vat' and authority = 'never') = 0 as tells_vat,
        count(*) filter (where field = 'glAccount' and authority = 'never') = 0 as tells_gl_account
    from {{ ref('field_authority') }}
    where entity = 'counterparty'
),

parties as (
    select
        'customer' as side,
        customer_id as party_id,
        external_id,
        customer_code as party_code,
        display_name,
        tax_id,
        gl_account,
        {{ normalise_vat_number('tax_id') }} as vat_number_normalised,
        {{ fold_name('display_name') }} as legal_name_folded
    from {{ ref('stg_atlas_accounting__customers') }}
    where is_active and display_name is not null

    union all

    select
        'vendor' as side,
        vendor_id as party_id,
        external_id,
        vendor_code as party_code,
        display_name,
        tax_id,
        gl_account,
        {{ normalise_vat_number('tax_id') }} as vat_number_normalised,
        {{ fold_name('display_name') }} as legal_name_folded
    from {{ ref('stg_atlas_accounting__vendors') }}
    where is_active and display_name is not null
),

-- Whoever has anything in common with a counterparty is left to the matching, ambiguous ones included.
strangers as (
    select parties.*
    from parties
    cross join authority
    where
        authority.is_ours
        {% for theirs, ours in [
            ('external_id', 'external_id'),
            ('external_id', 'party_id'),
            ('vat_number_normalised', 'vat_number_normalised'),
            ('legal_name_folded', 'legal_name_folded'),
        ] %}
            and not exists (
                select 1
                from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
                where counterparties.{{ theirs }} = parties.{{ ours }}
            )
        {% endfor %}
)

select
    'party:' || strangers.party_code as sync_key,
    'create' as operation,
    'counterparty ' || strangers.display_name as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    null::decimal(20, 4) as amount,
    null::varchar as currency_code,
    -- Merging into an empty object leaves out what the books do not know.
    json_merge_patch(
        '{}'::json,
        json_object(
            'externalId', strangers.party_code,
            'legalName', strangers.display_name,
            'vat', case when authority.tells_vat then strangers.tax_id end,
            'glAccount', case when authority.tells_gl_account then strangers.gl_account end
        )
    )::varchar as payload,
    null::varchar as current_values
from strangers
cross join authority
-- The customer's code goes before the vendor's, as everywhere; what shares a code, VAT number or name is one.
qualify
    row_number() over (partition by strangers.party_code order by strangers.side asc, strangers.party_id asc) = 1
    and row_number() over (
        partition by coalesce(strangers.vat_number_normalised, strangers.party_id)
        order by strangers.side asc, strangers.party_id asc
    ) = 1
    and row_number() over (
        partition by coalesce(strangers.legal_name_folded, strangers.party_id)
        order by strangers.side asc, strangers.party_id asc
    ) = 1
