-- Master data of ATLAS counterparties that the books are master of (seed `field_authority`), and whether it differs.
-- What the books do not know corrects nothing, and what customer and vendor of one counterparty say differently is not
-- chosen between (`has_conflict`).
-- One row per counterparty and field of which the books are master and know a value.
with fields_of_ours as (
    select field
    from {{ ref('field_authority') }}
    where
        entity = 'counterparty'
        and field in ('legalName', 'vat', 'glAccount', 'iban', 'swiftBic')
        and authority = 'atlas_accounting'
),

parties as (
    select
        'customer' as side,
        customer_id as party_id,
        display_name,
        tax_id,
        gl_account,
        iban,
        swift_bic
    from {{ ref('stg_atlas_accounting__customers') }}

    union all

    select
        'vendor' as side,
        vendor_id as party_id,
        display_name,
        tax_id,
        gl_account,
        iban,
        swift_bic
    from {{ ref('stg_atlas_accounting__vendors') }}
),

-- Whom two parties claim on either side is nobody yet (DESIGN section 5.11).
ambiguous as (
    select distinct counterparty_id
    from {{ ref('int_settlement__party_matches') }}
    where is_ambiguous
),

told as (
    select
        matches.counterparty_id,
        fields_of_ours.field,
        case fields_of_ours.field
            when 'legalName' then parties.display_name
            when 'vat' then parties.tax_id
            when 'glAccount' then parties.gl_account
            when 'iban' then parties.iban
            when 'swiftBic' then parties.swift_bic
        end as field_value,
        -- A VAT number is the same however it is punctuated.
        case fields_of_ours.field
            when 'legalName' then parties.display_name
            when 'vat' then {{ normalise_vat_number('parties.tax_id') }}
            when 'glAccount' then parties.gl_account
            when 'iban' then parties.iban
            when 'swiftBic' then parties.swift_bic
        end as comparable_value
    from {{ ref('int_settlement__party_matches') }} as matches
    inner join parties
        on
            matches.side = parties.side
            and matches.party_id = parties.party_id
    cross join fields_of_ours
    left join ambiguous
        on matches.counterparty_id = ambiguous.counterparty_id
    where ambiguous.counterparty_id is null
),

agreed as (
    select
        counterparty_id,
        field,
        min(field_value) as field_value,
        min(comparable_value) as comparable_value,
        count(distinct comparable_value) > 1 as has_conflict
    from told
    where comparable_value is not null
    group by counterparty_id, field
),

beside as (
    select
        agreed.*,
        counterparties.legal_name,
        case agreed.field
            when 'legalName' then counterparties.legal_name
            when 'vat' then counterparties.vat_number_normalised
            when 'glAccount' then counterparties.gl_account
            when 'iban' then counterparties.iban
            when 'swiftBic' then counterparties.swift_bic
        end as comparable_present,
        case agreed.field
            when 'legalName' then {{ json_text('counterparties.as_entered', 'legalName') }}
            when 'vat' then {{ json_text('counterparties.as_entered', 'vat') }}
            when 'glAccount' then {{ json_text('counterparties.as_entered', 'glAccount') }}
            when 'iban' then {{ json_text('counterparties.as_entered', 'iban') }}
            when 'swiftBic' then {{ json_text('counterparties.as_entered', 'swiftBic') }}
        end as present_value
    from agreed
    inner join {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
        on agreed.counterparty_id = counterparties.counterparty_id
)

select
    counterparty_id,
    legal_name,
    field,
    field_value,
    has_conflict,
    case when has_conflict then false else coalesce(comparable_present <> comparable_value, true) end as is_due,
    present_value
from beside
