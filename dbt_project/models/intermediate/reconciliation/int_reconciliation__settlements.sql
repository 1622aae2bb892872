-- What payments settled: money applied, and the early-payment discount taken with it.
-- One row per side, payment and application.
select
    'receivable' as side,
    applications.payment_id,
    applications.application_number,
    applications.invoice_id as document_id,
    applications.payment_date as settlement_date,
    applications.amount_applied,
    applications.amount_discount,
    applications.amount_applied + applications.amount_discount as amount_settled
from {{ ref('stg_atlas_accounting__payment_applications') }} as applications
inner join {{ ref('int_reconciliation__payments') }} as payments
    on applications.payment_id = payments.payment_id and payments.side = 'receivable'

union all

select
    'payable' as side,
    applications.payment_made_id as payment_id,
    applications.application_number,
    applications.bill_id as document_id,
    applications.payment_date as settlement_date,
    applications.amount_applied,
    applications.amount_discount,
    applications.amount_applied + applications.amount_discount as amount_settled
from {{ ref('stg_atlas_accounting__payment_made_applications') }} as applications
inner join {{ ref('int_reconciliation__payments') }} as payments
    on applications.payment_made_id = payments.payment_id and payments.side = 'payable'
