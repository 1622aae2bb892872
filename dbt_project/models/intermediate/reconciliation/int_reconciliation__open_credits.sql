-- Money received or paid that no document of the business date takes up: unapplied payments, and payments
-- applied to a document issued later. What a payment can settle is its amount and the discounts taken with it.
-- One row per side and payment up to the business date.
with settled as (
    select
        settlements.side,
        settlements.payment_id,
        sum(settlements.amount_discount) as amount_discount,
        sum(case when open_items.document_id is not null then settlements.amount_settled else 0 end) as amount_applied
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('int_reconciliation__open_items') }} as open_items
        on settlements.side = open_items.side and settlements.document_id = open_items.document_id
    group by settlements.side, settlements.payment_id
)

select
    payments.side,
    payments.payment_id,
    payments.party_id,
    payments.party_code,
    payments.party_name,
    payments.payment_date,
    payments.reference_number,
    payments.currency_code,
    payments.amount as amount_total,
    coalesce(settled.amount_discount, 0) as amount_discount,
    coalesce(settled.amount_applied, 0) as amount_applied,
    payments.amount + coalesce(settled.amount_discount, 0) - coalesce(settled.amount_applied, 0) as amount_open,
    payments.created_at,
    parameters.as_of_date
from {{ ref('int_reconciliation__payments') }} as payments
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join settled
    on payments.side = settled.side and payments.payment_id = settled.payment_id
where payments.payment_date <= parameters.as_of_date
