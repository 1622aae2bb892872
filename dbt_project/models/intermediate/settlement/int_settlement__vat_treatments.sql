-- How the VAT of each side of an order is treated, and why: that of its lines where they agree.
-- One row per order and direction that has lines.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['int_settlement__item_vat_treatments']}}) }}
select
    order_id,
    direction,
    min(counterparty_location) as counterparty_location,
    case
        when count(vat_treatment) < count(*) then null
        when count(distinct vat_treatment) = 1 then min(vat_treatment)
        else 'mixed'
    end as vat_treatment,
    case
        when count(vat_treatment) < count(*) then null
        else string_agg(distinct vat_reason, '; ' order by vat_reason)
    end as vat_reason,
    -- Where one line carries VAT, VAT on the side is no mistake.
    coalesce(bool_or(carries_vat), true) as may_carry_vat,
    count(*) filter (where vat_treatment is null) as unknown_count
from {{ ref('int_settlement__item_vat_treatments') }}
where direction is not null
group by order_id, direction
