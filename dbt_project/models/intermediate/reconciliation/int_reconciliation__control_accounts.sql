-- The accounts on which receivables and payables stand: the seed's, and what the vendor itself calls one, should a
-- person have used another.
-- One row per account of the chart that is one.
select
    accounts.account_id,
    accounts.account_number,
    coalesce(accounts.currency_code, parameters.base_currency_code) as currency_code,
    case
        when seed.control is not null then case seed.control when 'receivables' then 'receivable' else 'payable' end
        when accounts.account_type = 'accounts_receivable' then 'receivable'
        else 'payable'
    end as side
from {{ ref('stg_atlas_accounting__accounts') }} as accounts
cross join {{ ref('stg_operations__run_parameters') }} as parameters
left join {{ ref('control_accounts') }} as seed
    on accounts.account_number = seed.account_number and seed.control in ('receivables', 'payables')
where seed.control is not null or accounts.account_type in ('accounts_receivable', 'accounts_payable')
