-- Guards fct_journal_entry_lines: per account and currency, what is journalled as posted from invoices and bills is
-- what the documents that are or were issued say by their own lines: none missing, none twice, none on another account.
with documents as (
    select * from {{ ref('int_posting__invoices') }}
    union all
    select * from {{ ref('int_posting__bills') }}
),

booked as (
    select
        gl_account,
        currency_code,
        sum(case entry_side when 'debit' then amount else -amount end) as amount
    from documents
    group by gl_account, currency_code
),

journalled as (
    select
        gl_account,
        currency_code,
        sum(case entry_side when 'debit' then amount else -amount end) as amount
    from {{ ref('fct_journal_entry_lines') }}
    where
        posting_status = 'posted'
        and source_document_type in ('order', 'invoice', 'bill')
        and line_type <> 'base_rounding'
        and reverses_journal_entry_id is null
    group by gl_account, currency_code
)

select
    coalesce(booked.gl_account, journalled.gl_account) as gl_account,
    coalesce(booked.currency_code, journalled.currency_code) as currency_code,
    booked.amount as amount_booked,
    journalled.amount as amount_journalled
from booked
full outer join journalled
    on
        booked.gl_account = journalled.gl_account
        and booked.currency_code = journalled.currency_code
where coalesce(booked.amount, 0) <> coalesce(journalled.amount, 0)
