-- Early-payment discounts against the terms: of the invoice, else of its customer (`discount_percent` of the total
-- within `discount_days` of its date). What the books applied as a discount is judged by them, and so is a payment that
-- falls short of its invoice by no more than the discount: kept within the term, or after it.
-- One row per invoice with a discount taken, or short by no more than its discount, by the business date.
with settlements as (
    select
        settlements.document_id,
        settlements.settlement_date,
        settlements.amount_discount,
        settlements.amount_settled
    from {{ ref('int_reconciliation__settlements') }} as settlements
    inner join {{ ref('stg_operations__run_parameters') }} as parameters
        on settlements.settlement_date <= parameters.as_of_date
    where settlements.side = 'receivable'
),

terms as (
    select
        issued.document_id,
        issued.document_number,
        issued.order_id,
        issued.currency_code,
        issued.amount_total,
        coalesce(invoices.discount_percent, customers.discount_percent) as discount_percent,
        issued.issue_date + coalesce(invoices.discount_days, customers.discount_days)::integer as last_discount_date
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    inner join {{ ref('stg_atlas_accounting__invoices') }} as invoices
        on issued.document_id = invoices.invoice_id
    left join {{ ref('stg_atlas_accounting__customers') }} as customers
        on issued.party_id = customers.customer_id
    where issued.side = 'receivable'
),

settled as (
    select
        terms.document_id,
        terms.document_number,
        terms.order_id,
        terms.currency_code,
        terms.amount_total,
        terms.last_discount_date,
        case
            when terms.last_discount_date is null then 0
            else coalesce({{ money(
                share_of('terms.amount_total', 'terms.discount_percent', '100'), 'terms.currency_code', or_null=true
            ) }}, 0)
        end as amount_allowed,
        sum(settlements.amount_discount) as amount_taken,
        coalesce(
            sum(settlements.amount_discount) filter (where settlements.settlement_date <= terms.last_discount_date), 0
        ) as amount_taken_in_time,
        terms.amount_total - sum(settlements.amount_settled) as amount_open,
        max(settlements.settlement_date) as last_payment_date
    from terms
    inner join settlements
        on terms.document_id = settlements.document_id
    group by
        terms.document_id, terms.document_number, terms.order_id, terms.currency_code, terms.amount_total,
        terms.discount_percent, terms.last_discount_date
),

judged as (
    select
        *,
        amount_taken - least(amount_taken_in_time, amount_allowed) as amount_beyond,
        amount_open > 0 and amount_open <= amount_allowed - amount_taken as is_short
    from settled
)

select
    document_id,
    document_number,
    order_id,
    currency_code,
    amount_total,
    last_discount_date,
    last_payment_date,
    {{ money('amount_allowed', 'currency_code') }} as amount_allowed,
    {{ money('amount_taken', 'currency_code') }} as amount_taken,
    {{ money('amount_beyond', 'currency_code') }} as amount_beyond,
    {{ money('amount_open', 'currency_code') }} as amount_open,
    case
        when amount_beyond > 0 then 'beyond_terms'
        when not is_short then 'within_terms'
        when last_payment_date <= last_discount_date then 'not_applied'
        else 'short_payment'
    end as finding
from judged
where amount_taken > 0 or is_short
