-- The history of what payments settled: the applications of every version of a payment, with the span in which it was
-- the latest known. An early-payment discount settles like money, on the day of the payment.
-- One row per side, payment, version and application. Amounts as the vendor said them, unrounded.
select
    side,
    payment_id,
    application_number,
    document_id,
    settlement_date,
    cast(amount_applied as decimal(38, 10)) as amount_applied,
    cast(amount_discount as decimal(38, 10)) as amount_discount,
    cast(amount_applied + amount_discount as decimal(38, 10)) as amount_settled,
    known_from,
    known_to,
    known_from_date,
    known_to_date
from {{ ref('stg_atlas_accounting__payment_application_versions') }}
