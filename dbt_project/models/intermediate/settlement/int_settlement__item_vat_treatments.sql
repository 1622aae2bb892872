-- How the VAT of each line of an order is treated, and why, by the seed `vat_treatments`: where the counterparty
-- stands, what it is for VAT, what is delivered and in which direction, on the day of registration. Of the rules that
-- fit the one that names most counts. A line that no rule fits has none; its order is held.
-- One row per order item in an order.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['int_settlement__order_items', 'stg_atlas_etrm__orders']}}) }}
with company as (
    select
        coalesce(
            upper(max(country_code)),
            -- The VAT number says it too; Greece writes EL there.
            replace(max(regexp_extract(upper(tax_id), '^([A-Z]{2})', 1)), 'EL', 'GR')
        ) as country_code
    from {{ ref('stg_atlas_accounting__companies') }}
),

counterparties as (
    select
        counterparty_id,
        case
            when length(country) = 2 then upper(country)
            when regexp_matches(vat_number_normalised, '^[A-Z]{2}')
                then replace(left(vat_number_normalised, 2), 'EL', 'GR')
        end as country_code
    from {{ ref('stg_atlas_etrm__counterparties') }}
),

items as (
    select
        items.order_item_id,
        items.order_id,
        orders.counterparty_id,
        items.direction,
        lower(deals.commodity) as commodity,
        orders.registration_date
    from {{ ref('int_settlement__order_items') }} as items
    inner join {{ ref('stg_atlas_etrm__orders') }} as orders
        on items.order_id = orders.order_id
    left join {{ ref('stg_atlas_etrm__deals') }} as deals
        on items.deal_id = deals.deal_id
    where items.is_in_order
),

cases as (
    select distinct
        counterparty_id,
        direction,
        commodity,
        registration_date
    from items
),

vat_statuses as (
    select
        cases.counterparty_id,
        cases.registration_date,
        lower(trim(max_by(fields.field_value, coalesce(fields.valid_from_date, '0001-01-01'::date)))) as vat_status
    from (select distinct
        counterparty_id,
        registration_date
    from cases) as cases
    inner join {{ ref('stg_atlas_etrm__counterparty_custom_fields') }} as fields
        on
            cases.counterparty_id = fields.counterparty_id
            and cases.registration_date >= coalesce(fields.valid_from_date, cases.registration_date)
            and cases.registration_date <= coalesce(fields.valid_to_date, cases.registration_date)
    inner join {{ ref('custom_field_mapping') }} as mapping
        on
            fields.custom_field_name = mapping.custom_field_name
            and mapping.dimension = 'vat_status'
    group by cases.counterparty_id, cases.registration_date
),

located as (
    select
        cases.*,
        company.country_code as company_country,
        counterparties.country_code as counterparty_country,
        vat_statuses.vat_status,
        case
            when company.country_code is null or counterparties.country_code is null then null
            when counterparties.country_code = company.country_code then 'same'
            when theirs.vat_territory = ours.vat_territory then 'territory'
            else 'elsewhere'
        end as counterparty_location
    from cases
    cross join company
    left join counterparties
        on cases.counterparty_id = counterparties.counterparty_id
    left join vat_statuses
        on
            cases.counterparty_id = vat_statuses.counterparty_id
            and cases.registration_date = vat_statuses.registration_date
    left join {{ ref('vat_territories') }} as theirs
        on
            counterparties.country_code = theirs.country_code
            and cases.registration_date >= theirs.valid_from_date
            and cases.registration_date <= coalesce(theirs.valid_to_date, cases.registration_date)
    left join {{ ref('vat_territories') }} as ours
        on
            company.country_code = ours.country_code
            and cases.registration_date >= ours.valid_from_date
            and cases.registration_date <= coalesce(ours.valid_to_date, cases.registration_date)
),

treated as (
    select
        located.*,
        rules.vat_treatment,
        rules.carries_vat,
        rules.vat_reason
    from located
    left join {{ ref('vat_treatments') }} as rules
        on
            rules.company_country in (located.company_country, '*')
            and (
                rules.counterparty_country in (located.counterparty_country, located.counterparty_location)
                or (rules.counterparty_country = '*' and located.counterparty_location is not null)
            )
            and (rules.commodity = '*' or located.commodity = rules.commodity)
            and (rules.direction = '*' or located.direction = rules.direction)
            and (rules.counterparty_vat_status = '*' or located.vat_status = rules.counterparty_vat_status)
            and located.registration_date >= rules.valid_from_date
            and located.registration_date <= coalesce(rules.valid_to_date, located.registration_date)
    qualify
        row_number() over (
            partition by
                located.counterparty_id, located.direction, located.commodity, located.registration_date
            order by
                (rules.counterparty_country = located.counterparty_country) desc nulls last,
                (rules.counterparty_country <> '*') desc nulls last,
                (rules.counterparty_vat_status <> '*') desc nulls last,
                (rules.commodity <> '*') desc nulls last,
                (rules.direction <> '*') desc nulls last,
                (rules.company_country <> '*') desc nulls last,
                rules.valid_from_date desc nulls last
        ) = 1
)

select
    items.order_item_id,
    items.order_id,
    items.direction,
    items.commodity,
    treated.company_country,
    treated.counterparty_country,
    treated.counterparty_location,
    treated.vat_status,
    treated.vat_treatment,
    treated.carries_vat,
    treated.vat_reason
from items
inner join treated
    on
        items.counterparty_id is not distinct from treated.counterparty_id
        and items.direction is not distinct from treated.direction
        and items.commodity is not distinct from treated.commodity
        and items.registration_date is not distinct from treated.registration_date
