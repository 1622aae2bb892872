-- What carries each entry without a document in the journal. Before it is posted in Atlas Accounting: our own rules
-- (`rules`). After it: the same while they still give the figures that were posted, else the posted lines (`books`),
-- because a posted entry never changes. A reversal of an entry that a person took back is nobody's: it is back.
-- One row per journal entry.
with derived as (
    select * from {{ ref('int_posting__adjusting_entries_derived') }}
),

derived_entries as (
    select
        journal_entry_id,
        min(entry_date) as entry_date,
        max(counterparty_id_atlas_etrm) as counterparty_id_atlas_etrm
    from derived
    group by journal_entry_id
),

derived_balances as (
    select
        journal_entry_id,
        gl_account,
        sum(case entry_side when 'debit' then amount else -amount end) as amount
    from derived
    where amount <> 0
    group by journal_entry_id, gl_account
),

booked as (
    -- The orders' own entries stand among their documents.
    select * from {{ ref('int_posting__entries_in_books') }}
    where journal_entry_id not like 'atlas_etrm:order:%'
),

booked_balances as (
    select
        booked.journal_entry_id,
        coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as amount
    from booked
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on booked.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
    group by booked.journal_entry_id, gl_account
),

differing_entries as (
    select distinct coalesce(derived_balances.journal_entry_id, booked_balances.journal_entry_id) as journal_entry_id
    from derived_balances
    full outer join booked_balances
        on
            derived_balances.journal_entry_id = booked_balances.journal_entry_id
            and derived_balances.gl_account = booked_balances.gl_account
    where coalesce(derived_balances.amount, 0) <> coalesce(booked_balances.amount, 0)
)

select
    coalesce(derived_entries.journal_entry_id, booked.journal_entry_id) as journal_entry_id,
    coalesce(booked.is_posted, false) as is_posted,
    booked.journal_entry_id_atlas_accounting,
    booked.entry_number,
    booked.entry_status,
    coalesce(booked.copy_count, 0) as copy_count,
    -- The day it is booked on is the books' once it is posted.
    case when booked.is_posted then booked.entry_date else derived_entries.entry_date end as entry_date,
    derived_entries.journal_entry_id is not null as is_derived,
    differing_entries.journal_entry_id is not null as is_differing,
    case
        when
            booked.is_posted
            and (derived_entries.journal_entry_id is null or differing_entries.journal_entry_id is not null)
            then 'books'
        when booked.is_posted then 'rules'
        when derived_entries.journal_entry_id is not null and coalesce(taken_back.entry_status, '') <> 'reversed'
            then 'rules'
    end as journal_source
from derived_entries
full outer join booked
    on derived_entries.journal_entry_id = booked.journal_entry_id
left join differing_entries
    on coalesce(derived_entries.journal_entry_id, booked.journal_entry_id) = differing_entries.journal_entry_id
left join booked as taken_back
    on derived_entries.journal_entry_id = taken_back.journal_entry_id || ':reversal'
