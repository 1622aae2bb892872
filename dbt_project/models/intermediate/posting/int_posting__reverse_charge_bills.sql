-- Bills of orders on which we owe the VAT ourselves: net under reverse charge and the VAT on it at our country's
-- standard rate of the day. A voided bill counts where its VAT was posted already, with what was posted: its order may
-- be another counterparty's by now, or have other lines.
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
    where bills.is_issued and sides.net_amount <> 0
),

voided as (
    select
        booked.journal_entry_id,
        bills.order_id,
        bills.bill_id,
        bills.bill_number,
        bills.vendor_id,
        bills.bill_date,
        bills.currency_code,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end)::decimal(20, 4) as vat_posted
    from {{ ref('stg_atlas_accounting__bills') }} as bills
    inner join {{ ref('int_posting__entries_in_books') }} as booked
        on
            'atlas_etrm:reverse_charge:' || bills.order_id || ':' || coalesce(bills.bill_number, bills.bill_id)
            = booked.journal_entry_id
            and booked.is_posted
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on booked.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
    inner join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
    inner join {{ ref('int_posting__control_accounts') }} as controls
        on
            accounts.account_number = controls.account_number
            and bills.currency_code = controls.currency_code
            and controls.control = 'reverse_charge_input_vat'
    where bills.is_voided
    group by all
),

all_bills as (
    select
        bills.*,
        false as is_voided,
        null::decimal(20, 4) as vat_posted
    from bills

    union all by name

    select
        voided.*,
        null::decimal(38, 4) as net_amount,
        sides.vat_treatment,
        sides.vat_reason,
        true as is_voided
    from voided
    left join sides
        on voided.order_id = sides.order_id
)

select
    all_bills.* exclude (vat_posted),
    rates.rate_percent,
    coalesce(
        all_bills.vat_posted, {{ money('all_bills.net_amount * rates.rate_percent * 0.01', 'all_bills.currency_code') }}
    ) as vat_amount,
    greatest(all_bills.bill_date, coalesce(closed.first_open_date, all_bills.bill_date)) as entry_date
from all_bills
cross join company
cross join {{ ref('int_posting__closed_through') }} as closed
left join {{ ref('vat_rates') }} as rates
    on
        company.country_code = rates.country_code
        and all_bills.bill_date >= rates.valid_from_date
        and all_bills.bill_date <= coalesce(rates.valid_to_date, all_bills.bill_date)
