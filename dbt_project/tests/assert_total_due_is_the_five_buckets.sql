-- `fct_customer_balances`: what the store shows as overdue is its five buckets, and with the balance and the credits
-- it never exceeds what is open (contract evolutionx, section 2.3).
select *
from {{ ref('fct_customer_balances') }}
where
    total_due is distinct from due_30_days + due_60_days + due_90_days + due_120_days + due_over_120_days
    or total_due > balance + open_credits
