-- What the books say of each bank account: payments, and entries by hand with what they put on the account for bank
-- charges beside it.
-- One row per payment or entry and account, money in above zero.
with charge_accounts as (
    select distinct account_number
    from {{ ref('int_posting__control_accounts') }}
    where control = 'bank_charges'
),

payments as (
    select
        journal_entry_id,
        entry_date,
        gl_account,
        currency_code,
        case entry_side when 'debit' then amount else -amount end as amount,
        0 as amount_charged
    from {{ ref('int_posting__payments_received') }}
    where line_type = 'bank'

    union all

    select
        journal_entry_id,
        entry_date,
        gl_account,
        currency_code,
        case entry_side when 'debit' then amount else -amount end as amount,
        0 as amount_charged
    from {{ ref('int_posting__payments_made') }}
    where line_type = 'bank'
),

entries as (
    select
        lines.journal_entry_id,
        lines.entry_date,
        lines.gl_account,
        lines.currency_code,
        charge_accounts.account_number is not null as is_charge,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as amount
    from {{ ref('int_posting__manual_entries') }} as lines
    left join charge_accounts
        on lines.gl_account = charge_accounts.account_number
    group by lines.journal_entry_id, lines.entry_date, lines.gl_account, lines.currency_code, is_charge
),

charged as (
    select
        journal_entry_id,
        sum(amount) as amount
    from entries
    where is_charge
    group by journal_entry_id
)

select
    payments.*,
    false as is_manual
from payments
left join {{ ref('int_posting__voided_payments') }} as voided
    on payments.journal_entry_id = voided.journal_entry_id
where voided.payment_id is null

union all

select
    entries.journal_entry_id,
    entries.entry_date,
    entries.gl_account,
    entries.currency_code,
    entries.amount,
    coalesce(charged.amount, 0) as amount_charged,
    true as is_manual
from entries
left join charged
    on entries.journal_entry_id = charged.journal_entry_id
where not entries.is_charge and entries.amount <> 0
