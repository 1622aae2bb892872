-- How the VAT of an order is treated by where its counterparty stands on the day of registration.
-- One row per order whose counterparty's country can be told.
with company as (
    select upper(max(country_code)) as country_code
    from {{ ref('stg_atlas_accounting__companies') }}
),

counterparty_countries as (
    select
        counterparty_id,
        case
            when length(country) = 2 then upper(country)
            -- The VAT number says it too; Greece writes EL there.
            when vat_number_normalised ~ '^[A-Z]{2}'
                then replace(left(vat_number_normalised, 2), 'EL', 'GR')
        end as country_code
    from {{ ref('stg_atlas_etrm__counterparties') }}
),

located as (
    select
        orders.order_id,
        orders.registration_date,
        case
            when countries.country_code = company.country_code then 'same_country'
            when theirs.vat_territory = ours.vat_territory then 'same_territory'
            else 'elsewhere'
        end as counterparty_location
    from {{ ref('stg_atlas_etrm__orders') }} as orders
    cross join company
    inner join counterparty_countries as countries
        on orders.counterparty_id = countries.counterparty_id
    left join {{ ref('vat_territories') }} as theirs
        on
            countries.country_code = theirs.country_code
            and orders.registration_date >= theirs.valid_from_date
            and orders.registration_date <= coalesce(theirs.valid_to_date, orders.registration_date)
    left join {{ ref('vat_territories') }} as ours
        on
            company.country_code = ours.country_code
            and orders.registration_date >= ours.valid_from_date
            and orders.registration_date <= coalesce(ours.valid_to_date, orders.registration_date)
    where countries.country_code is not null and company.country_code is not null
)

select
    located.order_id,
    located.counterparty_location,
    treatments.vat_treatment,
    treatments.may_carry_vat
from located
inner join {{ ref('vat_treatments') }} as treatments
    on
        located.counterparty_location = treatments.counterparty_location
        and located.registration_date >= treatments.valid_from_date
        and located.registration_date <= coalesce(treatments.valid_to_date, located.registration_date)
