-- What moved the bank accounts kept in another currency: payments, their reversals, entries by hand and bank
-- charges, each line converted as the journal converts it.
-- One row per journal line on such an account, debit above zero.
with events as (
    {{ union_posting_models([
        'int_posting__payments_received',
        'int_posting__payments_made',
        'int_posting__payment_reversals',
        'int_posting__manual_entries',
        'int_posting__bank_fees',
    ]) }} -- noqa: LT02
),

bank_accounts as (
    select
        accounts.account_number,
        min(accounts.account_name) as account_name,
        parameters.base_currency_code
    from {{ ref('stg_atlas_accounting__accounts') }} as accounts
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    where accounts.account_type = 'bank' and accounts.currency_code <> parameters.base_currency_code
    group by accounts.account_number, parameters.base_currency_code
)

select
    events.journal_entry_id,
    events.entry_date,
    events.gl_account,
    bank_accounts.account_name,
    events.currency_code,
    bank_accounts.base_currency_code,
    case events.entry_side when 'debit' then events.amount else -events.amount end as amount,
    case events.entry_side when 'debit' then 1 else -1 end
    * {{ amount_in_base('events.amount', 'events.currency_code', 'bank_accounts.base_currency_code') }} as amount_base
from events
inner join bank_accounts
    on events.gl_account = bank_accounts.account_number
{{ join_reference_rates(
    'events.currency_code', 'bank_accounts.base_currency_code', 'coalesce(events.rate_date, events.entry_date)'
) }}
where events.currency_code <> bank_accounts.base_currency_code
