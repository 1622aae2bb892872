-- The posted entries of closed periods as the books give them, each with a checksum over what it posts per account and
-- side, in its own and in base currency.
-- One row per period, journal entry and currency.
with lines as (
    select
        periods.period_start_date,
        periods.period_end_date,
        lines.journal_entry_id,
        lines.currency_code,
        lines.entry_date,
        lines.gl_account,
        lines.entry_side,
        sum(lines.amount) as amount,
        sum(lines.amount_base) as amount_base
    from {{ ref('int_reconciliation__closed_periods') }} as periods
    inner join {{ ref('int_posting__journal_lines') }} as lines
        on
            periods.period_start_date <= lines.entry_date
            and periods.period_end_date >= lines.entry_date
            and lines.is_posted
    group by all
)

select
    period_start_date as period_start,
    period_end_date as period_end,
    journal_entry_id,
    currency_code,
    md5(string_agg(
        concat_ws('|', entry_date, gl_account, entry_side, amount, coalesce(amount_base::varchar, '-')),
        ';' order by gl_account, entry_side
    )) as entry_checksum,
    -- What it moves: of an entry in base currency alone, that.
    greatest(
        coalesce(sum(amount) filter (where entry_side = 'debit'), 0),
        case
            when sum(amount) = 0 then coalesce(sum(amount_base) filter (where entry_side = 'debit'), 0)
            else 0
        end
    )::decimal(38, 4) as amount
from lines
group by period_start_date, period_end_date, journal_entry_id, currency_code
