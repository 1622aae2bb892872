-- Bills of orders on which we owe the VAT ourselves: net under reverse charge and the VAT on it at our country's
-- standard rate of the day. A voided bill counts where its VAT was posted already.
-- One row per bill; without a rate the VAT is null, and the bill stands in `fct_exceptions`.
with company as (
    select
        coalesce(
            upper(max(country_code)), replace(max(regexp_extract(upper(tax_id), '^([A-Z]{2})', 1)), 'EL', 'GR')
        ) as country_code
    from {{ ref('stg_atlas_accounting__companies') }}
),

sides as (
    select
        items.order_id,
        bool_and(treatments.vat_treatment like '%reverse_charge' and items.vat_amount = 0) as is_all,
        sum(
            case
                when treatments.vat_treatment like '%reverse_charge' and items.vat_amount = 0 then items.net_amount
                else 0
            end
        ) as net_amount,
        min(treatments.vat_treatment) filter (where treatments.vat_treatment like '%reverse_charge') as vat_treatment,
        string_agg(distinct treatments.vat_reason, '; ' order by treatments.vat_reason) filter (
            where treatments.vat_treatment like '%reverse_charge'
        ) as vat_reason
    from {{ ref('int_settlement__order_items') }} as items
    inner join {{ ref('int_settlement__item_vat_treatments') }} as treatments
        on items.order_item_id = treatments.order_item_id
    where items.is_in_order and items.direction = 'payable'
    group by items.order_id
),

bills as (
    select
        'atlas_etrm:reverse_charge:' || bills.order_id || ':' || coalesce(bills.bill_number, bills.bill_id)
            as journal_entry_id,
        bills.order_id,
        bills.bill_id,
        bills.bill_number,
        bills.vendor_id,
        bills.bill_date,
        bills.currency_code,
        bills.is_voided,
        case when sides.is_all then bills.amount_total else sides.net_amount end as net_amount,
        sides.vat_treatment,
        sides.vat_reason
    from {{ ref('stg_atlas_accounting__bills') }} as bills
    inner join sides
        on bills.order_id = sides.order_id
    inner join {{ ref('posting_policies') }} as policies
        on
            policies.event = 'reverse_charge'
            and bills.bill_date >= policies.valid_from_date
    where (bills.is_issued or bills.is_voided) and sides.net_amount <> 0
)

select
    bills.*,
    rates.rate_percent,
    {{ money('bills.net_amount * rates.rate_percent * 0.01', 'bills.currency_code') }} as vat_amount,
    greatest(bills.bill_date, coalesce(closed.first_open_date, bills.bill_date)) as entry_date
from bills
cross join company
cross join {{ ref('int_posting__closed_through') }} as closed
left join {{ ref('vat_rates') }} as rates
    on
        company.country_code = rates.country_code
        and bills.bill_date >= rates.valid_from_date
        and bills.bill_date <= coalesce(rates.valid_to_date, bills.bill_date)
left join {{ ref('int_posting__entries_in_books') }} as booked
    on
        bills.journal_entry_id = booked.journal_entry_id
        and booked.is_posted
where not bills.is_voided or booked.journal_entry_id is not null
