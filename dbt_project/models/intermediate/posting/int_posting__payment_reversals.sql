-- Payments voided or taken out of the books after they had been posted: every line once more on the other side, as an
-- entry of its own, converted at the rate of the payment's day.
-- One row per journal line of such a payment.
with payments as (
    select * from {{ ref('int_posting__payments_received') }}
    union all
    select * from {{ ref('int_posting__payments_made') }}
)

select
    payments.* replace (
        payments.journal_entry_id || ':reversal' as journal_entry_id,
        'payment_reversal' as posting_rule,
        payments.journal_entry_id as reverses_journal_entry_id,
        voided.reversal_date as entry_date,
        voided.payment_date as rate_date,
        case payments.entry_side when 'debit' then 'credit' else 'debit' end as entry_side
    )
from {{ ref('int_posting__voided_payments') }} as voided
inner join payments
    on voided.journal_entry_id = payments.journal_entry_id
