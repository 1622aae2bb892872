-- Draft journal entries for what has no document (accruals and their reversals, and the other adjusting entries), and
-- where orders are posted as entries, theirs and what takes them back: as the journal derives them; our journal id
-- stands first in the description.
-- One row per entry that is due, balances, and names accounts the books have.
with due as (
    select
        sources.journal_entry_id,
        null::varchar as direction,
        sources.entry_date,
        null::varchar as control_text,
        'adjustment' as entry_type
    from {{ ref('int_posting__adjusting_entry_sources') }} as sources
    inner join {{ ref('int_posting__adjusting_entry_findings') }} as findings
        on sources.journal_entry_id = findings.journal_entry_id
    where
        sources.journal_source = 'rules'
        and sources.journal_entry_id_atlas_accounting is null
        and findings.is_sendable

    union all

    select
        orders.journal_entry_id,
        orders.direction,
        min(orders.entry_date) over (partition by orders.journal_entry_id) as entry_date,
        orders.control_text,
        'manual' as entry_type
    from {{ ref('int_posting__order_entries_due') }} as orders
    where orders.has_parties and orders.journal_entry_id_atlas_accounting is null
),

entries as (
    select
        lines.journal_entry_id,
        due.entry_date,
        due.entry_type,
        lines.currency_code,
        max(lines.order_id) as order_id,
        coalesce(min(orders.order_name), min_by(lines.description, lines.line_number)) as description,
        sum(lines.amount) filter (where lines.entry_side = 'debit') as amount,
        to_json(list(
            json_object(
                'account_id', accounts.account_id,
                'entry_type', lines.entry_side,
                'amount', {{ minor_unit_text('lines.amount', 'lines.currency_code') }},
                'description',
                left(
                    coalesce(
                        case when lines.line_type in ('receivables', 'payables') then due.control_text end,
                        lines.description,
                        lines.line_type
                    ),
                    255
                )
            ) order by lines.line_number
        )) as lines
    from {{ ref('fct_journal_entry_lines') }} as lines
    inner join due
        on
            lines.journal_entry_id = due.journal_entry_id
            and coalesce(due.direction, lines.direction, '') = coalesce(lines.direction, '')
            and lines.posting_status = 'pending'
    left join {{ ref('fct_orders') }} as orders
        on case when due.entry_type = 'manual' then lines.order_id end = orders.order_id
    left join {{ ref('int_write_back__numbered_accounts') }} as accounts
        on lines.gl_account = accounts.account_number
    where lines.amount <> 0
    group by lines.journal_entry_id, due.entry_date, due.entry_type, lines.currency_code
    having count(*) = count(accounts.account_id)
)

select
    'entry:' || journal_entry_id as sync_key,
    'create' as operation,
    'journal entry ' || journal_entry_id as record_label,
    order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    amount::decimal(20, 4) as amount,
    currency_code,
    json_object(
        'entry_date', entry_date::varchar,
        'description', left(journal_entry_id || coalesce(' ' || description, ''), 1000),
        'entry_type', entry_type,
        'source_type', 'manual',
        'lines', lines
    )::varchar as payload,
    null::varchar as current_values
from entries
