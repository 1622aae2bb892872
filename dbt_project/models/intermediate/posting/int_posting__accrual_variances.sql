-- What became of each accrued line: what it was accrued at, what its order says of the same delivered part, and why the
-- two differ. Volume: the other volume at the accrued price; price: what is left of a line with both volumes; other:
-- lines without volumes, of another direction, or gone.
-- One row per month end and accrued line.
with accrued as (
    select *
    from {{ ref('int_posting__accrual_items') }}
    where hold_code is null and net_amount <> 0
),

compared as (
    select
        accrued.period,
        accrued.month_end_date,
        accrued.order_item_id,
        accrued.counterparty_id,
        accrued.direction,
        accrued.currency_code,
        accrued.net_amount as amount_accrued,
        accrued.volume_delivered_mwh as volume_accrued_mwh,
        items.order_id,
        case
            when items.order_item_id is null then 'gone'
            when items.is_in_order then 'settled'
            else 'open'
        end as outcome,
        {{ money(
            exact_quotient('items.net_amount_unrounded * accrued.days_delivered', 'accrued.days_total'),
            'accrued.currency_code',
            or_null=true
        ) }} * case when items.direction = accrued.direction then 1 else -1 end as amount_settled,
        {{ exact_quotient('abs(items.volume_mwh) * accrued.days_delivered', 'accrued.days_total') }}
            as volume_settled_mwh,
        items.direction = accrued.direction
        and accrued.volume_delivered_mwh > 0
        and items.volume_mwh <> 0
        -- Beyond these the product has no room; such a line has no price worth naming.
        and accrued.volume_delivered_mwh < 100000000
        and abs(items.volume_mwh) < 100000000
        and accrued.net_amount < 1000000000 as has_volumes
    from accrued
    left join {{ ref('int_settlement__order_items') }} as items
        on accrued.order_item_id = items.order_item_id
),

differing as (
    select
        compared.* replace (
            case compared.outcome when 'settled' then amount_settled when 'gone' then 0 end as amount_settled,
            case when compared.outcome = 'settled' then compared.volume_settled_mwh end as volume_settled_mwh
        ),
        case
            when compared.outcome = 'settled' and compared.has_volumes
                then {{ money(
                    exact_quotient(
                        '(volume_settled_mwh - volume_accrued_mwh) * amount_accrued', 'nullif(volume_accrued_mwh, 0)'
                    ),
                    'currency_code'
                ) }}
            else 0
        end as variance_volume
    from compared
)

select
    period,
    month_end_date,
    order_item_id,
    order_id,
    counterparty_id,
    direction,
    currency_code,
    outcome,
    volume_accrued_mwh,
    volume_settled_mwh,
    amount_accrued::decimal(20, 4) as amount_accrued,
    amount_settled::decimal(20, 4) as amount_settled,
    variance_volume::decimal(20, 4) as variance_volume,
    (case
        when outcome = 'settled' and has_volumes then amount_settled - amount_accrued - variance_volume else 0
    end)::decimal(20, 4) as variance_price,
    (case
        when outcome = 'open' or (outcome = 'settled' and has_volumes) then 0
        else amount_settled - amount_accrued
    end)::decimal(20, 4) as variance_other
from differing
