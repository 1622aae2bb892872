-- Trading parties: every ATLAS counterparty with the customer and the vendor it is in Atlas Accounting, and every
-- accounting party that no counterparty is matched to.
-- One row per party.
with customer_matches as (
    select * from {{ ref('int_settlement__party_matches') }}
    where side = 'customer'
),

vendor_matches as (
    select * from {{ ref('int_settlement__party_matches') }}
    where side = 'vendor'
),

valid_fields as (
    select
        fields.counterparty_id,
        fields.custom_field_name,
        fields.field_value
    from {{ ref('stg_atlas_etrm__counterparty_custom_fields') }} as fields
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    where
        fields.custom_field_name is not null
        and parameters.as_of_date >= coalesce(fields.valid_from_date, parameters.as_of_date)
        and parameters.as_of_date <= coalesce(fields.valid_to_date, parameters.as_of_date)
    -- One value may end on the day the next begins: the later one counts.
    qualify
        row_number() over (
            partition by fields.counterparty_id, fields.custom_field_name
            order by fields.valid_from_date desc nulls last, fields.custom_field_id asc
        ) = 1
),

current_fields as (
    select
        counterparty_id,
        to_json(map_from_entries(list((custom_field_name, field_value) order by custom_field_name))) as custom_fields
    from valid_fields
    group by counterparty_id
),

counterparties as (
    select
        'atlas_etrm:' || counterparties.counterparty_id as counterparty_id,
        counterparties.counterparty_id as counterparty_id_atlas_etrm,
        customer_matches.party_id as customer_id_atlas_accounting,
        vendor_matches.party_id as vendor_id_atlas_accounting,
        customer_matches.party_code as customer_code,
        vendor_matches.party_code as vendor_code,
        coalesce(customer_matches.party_code, vendor_matches.party_code) as erp_code,
        counterparties.external_id as external_id_atlas_etrm,
        counterparties.legal_name,
        counterparties.vat_number,
        counterparties.gl_account,
        counterparties.iban,
        counterparties.swift_bic,
        counterparties.is_self_billing,
        counterparties.is_active,
        counterparties.address,
        counterparties.city,
        counterparties.postal_code,
        counterparties.country,
        customer_matches.match_method as customer_match_method,
        vendor_matches.match_method as vendor_match_method,
        coalesce(customer_matches.is_ambiguous, false) as is_customer_ambiguous,
        coalesce(vendor_matches.is_ambiguous, false) as is_vendor_ambiguous,
        current_fields.custom_fields
    from {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    left join customer_matches
        on counterparties.counterparty_id = customer_matches.counterparty_id
    left join vendor_matches
        on counterparties.counterparty_id = vendor_matches.counterparty_id
    left join current_fields
        on counterparties.counterparty_id = current_fields.counterparty_id
),

other_customers as (
    select
        'atlas_accounting:customer:' || customers.customer_id as counterparty_id,
        customers.customer_id as customer_id_atlas_accounting,
        customers.customer_code,
        customers.customer_code as erp_code,
        customers.display_name as legal_name,
        customers.tax_id as vat_number,
        false as is_self_billing,
        customers.is_active,
        customers.country_code as country,
        false as is_customer_ambiguous,
        false as is_vendor_ambiguous
    from {{ ref('stg_atlas_accounting__customers') }} as customers
    where
        customers.customer_id not in (
            select customer_matches.party_id from customer_matches
            where customer_matches.party_id is not null
        )
),

other_vendors as (
    select
        'atlas_accounting:vendor:' || vendors.vendor_id as counterparty_id,
        vendors.vendor_id as vendor_id_atlas_accounting,
        vendors.vendor_code,
        vendors.vendor_code as erp_code,
        vendors.display_name as legal_name,
        vendors.tax_id as vat_number,
        false as is_self_billing,
        vendors.is_active,
        false as is_customer_ambiguous,
        false as is_vendor_ambiguous
    from {{ ref('stg_atlas_accounting__vendors') }} as vendors
    where
        vendors.vendor_id not in (
            select vendor_matches.party_id from vendor_matches
            where vendor_matches.party_id is not null
        )
)

-- Columns are joined by name: an accounting party has only some of them.
select * from counterparties  -- noqa: AM07
union all by name
select * from other_customers
union all by name
select * from other_vendors
