-- The amounts that the payment behind a return may have in the books: what came back, or that and the charge that was
-- kept back from it.
-- One row per return and amount.
with each_amount as (
    select
        *,
        amount as amount_in_books
    from {{ ref('int_reconciliation__returns') }}
    where not is_told_in_parts

    union all

    select
        *,
        amount_returned as amount_in_books
    from {{ ref('int_reconciliation__returns') }}
    where not is_told_in_parts and amount_returned <> amount
)

select
    *,
    row_number() over (
        partition by gl_account, currency_code, amount_in_books
        order by booking_date asc, record_type desc, record_id asc
    ) as place
from each_amount
