-- Whether an entry without a document may be sent: its cutoff has passed, it balances in one currency, its day is
-- open, and the chart has its accounts in that currency, active.
-- One row per such entry that our rules derive.
with chart as (
    select
        account_number,
        max(currency_code) as currency_code,
        bool_or(is_active) as is_active,
        count(*) as account_count
    from {{ ref('stg_atlas_accounting__accounts') }}
    where account_number is not null
    group by account_number
),

not_due as (
    select distinct lines.journal_entry_id
    from {{ ref('int_posting__adjusting_entries_derived') }} as lines
    inner join {{ ref('int_posting__month_ends') }} as months
        on
            lines.posting_rule = months.event
            and lines.entry_date = months.month_end_date
            and not months.is_due
),

entries as (
    select
        lines.journal_entry_id,
        min(lines.entry_date) as entry_date,
        count(distinct lines.currency_code) as currency_count,
        sum(case lines.entry_side when 'debit' then lines.amount else -lines.amount end) as remainder,
        string_agg(distinct lines.gl_account, ', ' order by lines.gl_account) filter (
            where
            chart.account_number is null
            or not chart.is_active
            or chart.account_count > 1
            or coalesce(chart.currency_code, lines.currency_code) <> lines.currency_code
        ) as unusable_accounts
    from {{ ref('int_posting__adjusting_entries_derived') }} as lines
    left join chart
        on lines.gl_account = chart.account_number
    where lines.amount <> 0
    group by lines.journal_entry_id
)

select
    entries.journal_entry_id,
    entries.unusable_accounts,
    entries.entry_date <= closed.closed_through_date as is_in_closed_period,
    not_due.journal_entry_id is null
    and entries.currency_count = 1
    and entries.remainder = 0
    and entries.unusable_accounts is null
    and entries.entry_date > coalesce(closed.closed_through_date, entries.entry_date - 1) as is_sendable
from entries
cross join {{ ref('int_posting__closed_through') }} as closed
left join not_due
    on entries.journal_entry_id in (not_due.journal_entry_id, not_due.journal_entry_id || ':reversal')
