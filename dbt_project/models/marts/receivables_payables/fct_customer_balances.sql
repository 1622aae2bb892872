-- What the EvolutionX web store shows a customer: its balance, what is overdue by age, and its last movements.
-- One row per customer code and currency; a customer without any document stands here with zeros.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

codes as (
    select
        customers.party_code as customer_code,
        coalesce(customers.currency_code, parameters.base_currency_code) as currency_code
    from {{ ref('int_reconciliation__parties') }} as customers
    cross join parameters
    where customers.side = 'receivable'

    union

    select
        customer_code,
        currency_code
    from {{ ref('fct_receivables_aging') }}
),

balances as (
    select
        customer_code,
        currency_code,
        sum(balance) as balance,
        sum(open_credits) as open_credits,
        sum(days_1_30) as due_30_days,
        sum(days_31_60) as due_60_days,
        sum(days_61_90) as due_90_days,
        sum(days_91_120) as due_120_days,
        sum(days_over_120) as due_over_120_days
    from {{ ref('fct_receivables_aging') }}
    group by customer_code, currency_code
),

charges as (
    select
        customer_code,
        currency_code,
        max(issue_date) as last_charge_date
    from {{ ref('fct_receivables') }}
    group by customer_code, currency_code
),

payments as (
    select
        party_code as customer_code,
        currency_code,
        payment_date as last_payment_date,
        {{ money('amount_total', 'currency_code') }} as last_payment_amount
    from {{ ref('int_reconciliation__open_credits') }}
    where side = 'receivable'
    qualify
        row_number() over (
            partition by party_code, currency_code
            order by payment_date desc nulls last, created_at desc nulls last, payment_id desc nulls last
        ) = 1
)

select
    codes.customer_code,
    codes.currency_code,
    cast(coalesce(balances.balance, 0) as decimal(38, 4)) as balance,
    cast(
        coalesce(
            balances.due_30_days + balances.due_60_days + balances.due_90_days
            + balances.due_120_days + balances.due_over_120_days,
            0
        ) as decimal(38, 4)
    ) as total_due,
    charges.last_charge_date,
    charges.last_charge_date as last_sale_date,
    payments.last_payment_date,
    payments.last_payment_amount,
    cast(coalesce(balances.due_30_days, 0) as decimal(38, 4)) as due_30_days,
    cast(coalesce(balances.due_60_days, 0) as decimal(38, 4)) as due_60_days,
    cast(coalesce(balances.due_90_days, 0) as decimal(38, 4)) as due_90_days,
    cast(coalesce(balances.due_120_days, 0) as decimal(38, 4)) as due_120_days,
    cast(coalesce(balances.due_over_120_days, 0) as decimal(38, 4)) as due_over_120_days,
    cast(coalesce(balances.open_credits, 0) as decimal(38, 4)) as open_credits,
    -- No limit, no figure (contract evolutionx, section 2.3); beyond the limit nothing is left. `greatest` alone
    -- would turn a missing limit into zero, because it passes over nulls.
    case
        when limits.credit_limit is not null
            then cast(greatest(limits.credit_limit - coalesce(balances.balance, 0), 0) as decimal(38, 4))
    end as credit_available,
    parameters.as_of_date
from codes
cross join parameters
left join balances on codes.customer_code = balances.customer_code and codes.currency_code = balances.currency_code
left join charges on codes.customer_code = charges.customer_code and codes.currency_code = charges.currency_code
left join payments on codes.customer_code = payments.customer_code and codes.currency_code = payments.currency_code
left join {{ ref('customer_credit_limits') }} as limits
    on codes.customer_code = limits.customer_code and codes.currency_code = limits.currency_code
