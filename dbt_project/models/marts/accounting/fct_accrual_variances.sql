-- Accrual against actual: what was accrued at a month's end, what was settled of it since, and why the two differ.
-- `int_posting__accrual_variances` lists the lines behind it.
-- One row per month, counterparty, direction and currency.
select
    variances.period,
    variances.month_end_date,
    variances.counterparty_id as counterparty_id_atlas_etrm,
    max(parties.counterparty_id) as counterparty_id,
    max(parties.legal_name) as legal_name,
    variances.direction,
    variances.currency_code,
    count(*) as item_count,
    count(*) filter (where variances.outcome = 'open') as open_item_count,
    sum(variances.amount_accrued)::decimal(38, 4) as amount_accrued,
    (coalesce(sum(variances.amount_accrued) filter (where variances.outcome = 'open'), 0))::decimal(38, 4)
        as amount_accrued_open,
    (coalesce(sum(variances.amount_settled) filter (where variances.outcome = 'settled'), 0))::decimal(38, 4)
        as amount_settled,
    sum(variances.variance_price)::decimal(38, 4) as variance_price,
    sum(variances.variance_volume)::decimal(38, 4) as variance_volume,
    sum(variances.variance_other)::decimal(38, 4) as variance_other,
    sum(variances.variance_price + variances.variance_volume + variances.variance_other)::decimal(38, 4)
        as amount_variance
from {{ ref('int_posting__accrual_variances') }} as variances
left join {{ ref('dim_counterparties') }} as parties
    on variances.counterparty_id = parties.counterparty_id_atlas_etrm
group by
    variances.period, variances.month_end_date, variances.counterparty_id, variances.direction, variances.currency_code
