-- What is owed to each vendor by age, and the prepayments against it, at the end of the business date.
-- One row per vendor and currency that ever had an issued bill or a payment.
select
    party_id as vendor_id,
    party_code as vendor_code,
    party_name as vendor_name,
    currency_code,
    as_of_date,
    cast(not_due as decimal(20, 4)) as not_due,
    cast(days_1_30 as decimal(20, 4)) as days_1_30,
    cast(days_31_60 as decimal(20, 4)) as days_31_60,
    cast(days_61_90 as decimal(20, 4)) as days_61_90,
    cast(days_91_120 as decimal(20, 4)) as days_91_120,
    cast(days_over_120 as decimal(20, 4)) as days_over_120,
    cast(total_open as decimal(20, 4)) as total_open,
    cast(open_credits as decimal(20, 4)) as open_credits,
    cast(balance as decimal(20, 4)) as balance
from {{ ref('int_reconciliation__aging') }}
where side = 'payable'
