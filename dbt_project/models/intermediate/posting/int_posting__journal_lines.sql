-- Every business event once: the lines of all event models, converted to base currency with the last reference rate
-- known on the entry's day, and a line on the rounding account where the conversion leaves a remainder.
-- One row per journal line.
with order_lines as (
    select * from {{ ref('int_posting__order_receivables') }}
    union all
    select * from {{ ref('int_posting__order_payables') }}
),

events as (
    select order_lines.*
    from order_lines
    inner join {{ ref('int_posting__order_side_sources') }} as sources
        on
            order_lines.order_id = sources.order_id
            and order_lines.direction = sources.direction
            and sources.journal_source = 'items'

    union all
    select * from {{ ref('int_posting__orders_from_documents') }}
    union all
    select * from {{ ref('int_posting__documents_without_order') }}
    union all
    select * from {{ ref('int_posting__payments_received') }}
    union all
    select * from {{ ref('int_posting__payments_made') }}
    union all
    select * from {{ ref('int_posting__manual_entries') }}
),

dated as (
    -- An order with an invoice and a bill is one entry of one day, the earlier.
    select
        events.* replace (min(events.entry_date) over (partition by events.journal_entry_id) as entry_date),
        parameters.base_currency_code
    from events
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
),

converted as (
    select
        dated.*,
        case when dated.currency_code <> dated.base_currency_code then document_rates.rate_date end as base_rate_date,
        case
            when dated.currency_code = dated.base_currency_code then dated.amount
            else {{ money(
                exact_quotient('dated.amount * base_rates.units_per_eur', 'document_rates.units_per_eur'),
                'dated.base_currency_code'
            ) }}
        end as amount_base
    from dated
    left join {{ ref('int_posting__exchange_rates') }} as document_rates
        on
            dated.currency_code = document_rates.currency_code
            and dated.entry_date >= document_rates.rate_date
            and dated.entry_date < coalesce(document_rates.next_rate_date, '9999-12-31'::date)
    left join {{ ref('int_posting__exchange_rates') }} as base_rates
        on
            dated.base_currency_code = base_rates.currency_code
            and dated.entry_date >= base_rates.rate_date
            and dated.entry_date < coalesce(base_rates.next_rate_date, '9999-12-31'::date)
),

base_remainders as (
    select
        journal_entry_id,
        sum(case entry_side when 'debit' then amount_base else -amount_base end) as amount
    from converted
    group by journal_entry_id
    having amount <> 0 and count(amount_base) = count(*)
),

rounding_lines as (
    select converted.* replace (
        9 as line_rank,
        0 as line_order,
        'base_rounding' as line_type,
        accounts.account_number as gl_account,
        case when base_remainders.amount > 0 then 'credit' else 'debit' end as entry_side,
        cast(0 as decimal(20, 4)) as amount,
        cast(abs(base_remainders.amount) as decimal(20, 4)) as amount_base,
        null as order_item_id,
        null as direction,
        'Rounding of the conversion to base currency' as description
    )
    from converted
    inner join base_remainders
        on converted.journal_entry_id = base_remainders.journal_entry_id
    inner join {{ ref('int_posting__control_accounts') }} as accounts
        on
            converted.base_currency_code = accounts.currency_code
            and accounts.control = 'rounding'
    qualify
        row_number() over (
            partition by converted.journal_entry_id order by converted.direction, converted.line_rank, converted.line_order
        ) = 1
),

lines as (
    select * from converted
    union all
    select * from rounding_lines
)

select
    lines.*,
    row_number() over (
        partition by lines.journal_entry_id
        order by lines.line_rank = 9, lines.direction desc nulls last, lines.line_rank, lines.line_order, lines.gl_account
    )::integer as line_number
from lines
