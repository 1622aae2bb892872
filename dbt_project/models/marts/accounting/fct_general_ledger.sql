-- The general ledger: every posted line on its account, with the balance of the account after it.
-- One row per posted journal line with an amount, in the order of entry date, entry and line.
with lines as (
    select
        *,
        case entry_side when 'debit' then amount else 0 end as debit,
        case entry_side when 'credit' then amount else 0 end as credit,
        case entry_side when 'debit' then amount_base else -amount_base end as signed_amount_base
    from {{ ref('fct_journal_entry_lines') }}
    where posting_status = 'posted' and (amount <> 0 or coalesce(amount_base, 0) <> 0)
)

select
    gl_account,
    account_name,
    currency_code,
    entry_date,
    strftime(entry_date, '%Y-%m') as period,
    journal_entry_id,
    line_number,
    source_system,
    source_document_type,
    source_document_id,
    counterparty_id,
    order_id,
    description,
    cast(debit as decimal(20, 4)) as debit,
    cast(credit as decimal(20, 4)) as credit,
    cast(sum(debit - credit) over account_so_far as decimal(38, 4)) as balance,
    base_currency_code,
    signed_amount_base as amount_base,
    case
        when bool_and(signed_amount_base is not null) over account_so_far
            then cast(sum(signed_amount_base) over account_so_far as decimal(38, 4))
    end as balance_base
from lines
window account_so_far as (
    partition by gl_account, currency_code
    order by entry_date asc nulls last, journal_entry_id asc nulls last, line_number asc nulls last
    rows between unbounded preceding and current row
)
