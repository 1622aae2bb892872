-- Every business event once: the lines of all event models, converted to base currency with the last reference rate
-- known on the entry's day, and a line on the rounding account where the conversion leaves a remainder.
-- A model of another business event is one more name in `posting_models` (macros/posting_lines.sql).
-- One row per journal line.
{{ config(meta={'parts': {'by': 'journal_entry_id', 'of': posting_models() + ['int_posting__entry_dates']}}) }}
with events as (
    {{ union_posting_models(posting_models()) }} -- noqa: LT02
),

dated as (
    select
        events.* replace (entry_dates.entry_date as entry_date),
        -- A reversal is converted as the entry was that it reverses.
        coalesce(entry_dates.reversed_entry_date, events.rate_date, entry_dates.entry_date) as conversion_date,
        parameters.base_currency_code
    from events
    inner join {{ ref('int_posting__entry_dates') }} as entry_dates
        on
            events.journal_entry_id = entry_dates.journal_entry_id
            and events.reverses_journal_entry_id is not distinct from entry_dates.reverses_journal_entry_id
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
),

-- Looked up once per currency and day: of millions of lines most are in base currency and need no rate.
rates as (
    select
        days.currency_code,
        days.conversion_date,
        document_rates.units_per_eur as document_units_per_eur,
        base_rates.units_per_eur as base_units_per_eur,
        {{ older_rate_date('days.currency_code', 'days.base_currency_code') }} as base_rate_date
    from (
        select distinct
            currency_code,
            base_currency_code,
            conversion_date
        from dated
        where amount_base is null and currency_code <> base_currency_code
    ) as days
    {{ join_reference_rates('days.currency_code', 'days.base_currency_code', 'days.conversion_date') }}
),

converted as (
    select
        dated.* exclude (amount_base, rate_date, conversion_date),
        case
            when dated.amount_base is null and dated.currency_code <> dated.base_currency_code
                then dated.conversion_date
        end as conversion_date,
        case
            when dated.amount_base is null and dated.currency_code <> dated.base_currency_code
                then rates.base_rate_date
        end as base_rate_date,
        case
            when dated.amount_base is null and dated.currency_code <> dated.base_currency_code
                then cast(
                    {{ exact_quotient('rates.document_units_per_eur', 'rates.base_units_per_eur') }} as decimal(18, 6)
                )
        end as base_rate,
        case
            when dated.amount_base is not null then dated.amount_base
            when dated.currency_code = dated.base_currency_code then dated.amount
            else {{ money(
                exact_quotient('dated.amount * rates.base_units_per_eur', 'rates.document_units_per_eur'),
                'dated.base_currency_code', or_null=true
            ) }}
        end as amount_base
    from dated
    left join rates
        on
            dated.currency_code = rates.currency_code
            and dated.conversion_date = rates.conversion_date
),

rounding_lines as (
    select
        journal_entry_id,
        case when count(distinct posting_rule) = 1 then min(posting_rule) else 'order_mixed' end as posting_rule,
        max(revision) as revision,
        max(reverses_journal_entry_id) as reverses_journal_entry_id,
        source_system,
        source_document_type,
        source_document_id,
        entry_date,
        9 as line_rank,
        0 as line_order,
        'base_rounding' as line_type,
        0::decimal(20, 4) as amount,
        currency_code,
        bool_and(is_posted) as is_posted,
        order_id,
        'Rounding of the conversion to base currency' as description,
        max(counterparty_id_atlas_etrm) as counterparty_id_atlas_etrm,
        max(customer_id) as customer_id,
        max(vendor_id) as vendor_id,
        base_currency_code,
        max(conversion_date) as conversion_date,
        max(base_rate_date) as base_rate_date,
        max(base_rate) as base_rate,
        sum(case entry_side when 'debit' then amount_base else -amount_base end) as remainder
    from converted
    group by
        journal_entry_id, source_system, source_document_type, source_document_id, entry_date, currency_code, order_id,
        base_currency_code
    having remainder <> 0 and count(amount_base) = count(*)
),

lines as (
    select * from converted

    union all by name

    select
        rounding_lines.* exclude (remainder),
        accounts.account_number as gl_account,
        case when rounding_lines.remainder > 0 then 'credit' else 'debit' end as entry_side,
        abs(rounding_lines.remainder)::decimal(20, 4) as amount_base
    from rounding_lines
    inner join {{ ref('int_posting__control_accounts') }} as accounts
        on
            rounding_lines.base_currency_code = accounts.currency_code
            and accounts.control = 'rounding'
)

select
    lines.*,
    row_number() over (
        partition by lines.journal_entry_id
        order by
            (lines.line_rank = 9) asc,
            lines.direction desc nulls last,
            lines.line_rank asc,
            lines.line_order asc,
            lines.gl_account asc
    )::integer as line_number
from lines
