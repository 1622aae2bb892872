-- Every conversion to base currency by a reference rate, as it stands in the books and worked out again: the rate of
-- the last business day known by the day of conversion. A business day is one on which any currency has a rate, so a
-- currency that lacks its rate of that day is seen; one more than a week back is none, for no holidays last so long.
-- One row per journal entry, currency and day of conversion.
with lines as (
    select
        journal_entry_id,
        currency_code,
        base_currency_code,
        conversion_date,
        base_rate_date,
        amount,
        amount_base
    from {{ ref('int_posting__journal_lines') }}
    where conversion_date is not null and amount_base is not null and line_type <> 'base_rounding'

    union all

    select
        journal_entry_id,
        currency_code,
        base_currency_code,
        month_end_date as conversion_date,
        rate_date as base_rate_date,
        abs(amount_open) as amount,
        abs(amount_base_revalued) as amount_base
    from {{ ref('int_posting__revaluation_items') }}
    where amount_base_revalued is not null
),

business_days as (
    select distinct rate_date
    from {{ ref('int_posting__exchange_rates') }}
    where currency_code <> 'EUR'
),

days as (
    select
        converted.conversion_date,
        max(business_days.rate_date) as due_rate_date
    from (select distinct lines.conversion_date from lines) as converted
    inner join business_days
        on
            converted.conversion_date >= business_days.rate_date
            and converted.conversion_date - business_days.rate_date <= 7
    group by converted.conversion_date
),

-- What a conversion of each day goes by: the rates of its business day, and the euro itself.
rates as (
    select
        days.conversion_date,
        known.currency_code,
        known.units_per_eur
    from days
    inner join {{ ref('int_posting__exchange_rates') }} as known
        on days.due_rate_date = known.rate_date
    where known.currency_code <> 'EUR'

    union all

    select distinct
        conversion_date,
        'EUR' as currency_code,
        1::decimal(18, 6) as units_per_eur
    from lines
)

select
    lines.journal_entry_id,
    lines.currency_code,
    lines.base_currency_code,
    lines.conversion_date,
    min(lines.base_rate_date) as base_rate_date,
    days.due_rate_date,
    sum(lines.amount_base)::decimal(38, 4) as amount_base,
    sum({{ amount_in_base('lines.amount', 'lines.currency_code', 'lines.base_currency_code') }})::decimal(38, 4)
        as amount_base_due
from lines
left join days on lines.conversion_date = days.conversion_date
left join rates as document_rates
    on lines.currency_code = document_rates.currency_code and lines.conversion_date = document_rates.conversion_date
left join rates as base_rates
    on lines.base_currency_code = base_rates.currency_code and lines.conversion_date = base_rates.conversion_date
group by
    lines.journal_entry_id, lines.currency_code, lines.base_currency_code, lines.conversion_date, days.due_rate_date
