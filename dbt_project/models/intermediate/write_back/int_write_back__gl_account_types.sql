-- What kind of account each account of the books is to Atlar: bank accounts, control accounts, and the rest.
-- One row per account of the books.
with control_types as (
    select
        account_number,
        max(case control when 'receivables' then 'ACCOUNTS_RECEIVABLE' else 'ACCOUNTS_PAYABLE' end) as gl_account_type
    from {{ ref('control_accounts') }}
    where control in ('receivables', 'payables')
    group by account_number
)

select
    accounts.account_id,
    accounts.account_number,
    case
        when control_types.gl_account_type is not null then control_types.gl_account_type
        when accounts.account_type = 'bank' then 'BANK'
        else 'UNSPECIFIED'
    end as gl_account_type
from {{ ref('stg_atlas_accounting__accounts') }} as accounts
left join control_types
    on accounts.account_number = control_types.account_number
