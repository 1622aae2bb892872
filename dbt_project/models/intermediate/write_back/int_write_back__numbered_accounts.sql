-- Active accounts of the chart by their number. A number that several share names none of them: nothing is sent to it.
-- One row per account number that one account has.
select
    account_number,
    min(account_id) as account_id
from {{ ref('stg_atlas_accounting__accounts') }}
where is_active and account_number is not null
group by account_number
having count(*) = 1
