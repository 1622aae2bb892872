-- The account in the ledger that each bank account of Atlar stands on: by its IBAN (seed `bank_gl_accounts`), else the
-- one of its currency.
-- One row per Atlar account.
select
    accounts.account_id,
    coalesce(own.account_number, by_currency.account_number) as gl_account
from {{ ref('stg_atlar__accounts') }} as accounts
left join {{ ref('bank_gl_accounts') }} as own
    on upper(replace(accounts.iban, ' ', '')) = upper(replace(own.iban, ' ', ''))
left join {{ ref('int_posting__control_accounts') }} as by_currency
    on
        accounts.currency_code = by_currency.currency_code
        and by_currency.control = 'bank'
