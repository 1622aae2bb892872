-- How customers pay: days sales outstanding (balance over the sales of 90 days, times 90), and by how many days what
-- they settled in the last 365 days came after its due date, each amount weighing as much as it is.
-- One row per customer and currency, at the end of the business date.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

billed as (
    select
        items.customer_id,
        items.currency_code,
        sum(items.amount_total) as amount_billed
    from {{ ref('fct_receivables') }} as items
    inner join parameters
        on
            items.issue_date > parameters.as_of_date - 90
            and items.issue_date <= parameters.as_of_date
    group by items.customer_id, items.currency_code
),

settled as (
    select
        items.customer_id,
        items.currency_code,
        sum(settlements.amount_settled) as amount_settled,
        sum(settlements.amount_settled * (settlements.settlement_date - items.due_date)) as amount_days_late,
        sum(settlements.amount_settled * (settlements.settlement_date - items.issue_date)) as amount_days_to_pay,
        sum(case when settlements.settlement_date > items.due_date then settlements.amount_settled else 0 end)
            as amount_settled_late
    from {{ ref('int_reconciliation__settlements') }} as settlements
    inner join {{ ref('fct_receivables') }} as items
        on settlements.document_id = items.document_id and settlements.side = 'receivable' and items.amount_total >= 0
    inner join parameters
        on
            settlements.settlement_date > parameters.as_of_date - 365
            and settlements.settlement_date <= parameters.as_of_date
    group by items.customer_id, items.currency_code
)

select
    aging.customer_id,
    aging.customer_code,
    aging.customer_name,
    aging.currency_code,
    aging.as_of_date,
    aging.balance,
    cast(coalesce(billed.amount_billed, 0) as decimal(38, 4)) as amount_billed_90_days,
    case
        when billed.amount_billed > 0 then {{ exact_ratio('90 * aging.balance', 'billed.amount_billed', 1) }}
    end as days_sales_outstanding,
    {{ money('coalesce(settled.amount_settled, 0)', 'aging.currency_code', width=38) }} as amount_settled_365_days,
    {{ money('coalesce(settled.amount_settled_late, 0)', 'aging.currency_code', width=38) }}
        as amount_settled_late_365_days,
    {{ exact_ratio('settled.amount_days_late', 'settled.amount_settled', 1) }} as average_days_late,
    {{ exact_ratio('settled.amount_days_to_pay', 'settled.amount_settled', 1) }} as average_days_to_pay
from {{ ref('fct_receivables_aging') }} as aging
left join billed on aging.customer_id = billed.customer_id and aging.currency_code = billed.currency_code
left join settled on aging.customer_id = settled.customer_id and aging.currency_code = settled.currency_code
