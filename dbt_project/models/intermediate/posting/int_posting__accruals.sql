-- Accruals at a month's end: accrued revenue against each line's GL account for what we have delivered, each line's
-- GL account against accrued cost for what we have received.
-- One row per journal line of an accrual; one entry per month, counterparty and direction.
with items as (
    select items.*
    from {{ ref('int_posting__accrual_items') }} as items
    inner join {{ ref('int_posting__month_ends') }} as months
        on
            items.month_end_date = months.month_end_date
            and months.event = 'accrual'
    left join {{ ref('int_posting__entries_in_books') }} as booked
        on
            items.journal_entry_id = booked.journal_entry_id
            and booked.is_posted
    where
        items.hold_code is null
        and items.net_amount <> 0
        -- Nothing is dated in a closed month, but what is booked there stays.
        and (not months.is_closed or booked.journal_entry_id is not null)
    -- One line takes no more; the entry is held by name (`int_posting__adjusting_entry_exceptions`).
    qualify sum(items.net_amount) over (partition by items.journal_entry_id) <= {{ most_money() }}
),

lines as (
    select
        journal_entry_id,
        month_end_date,
        counterparty_id,
        direction,
        currency_code,
        1 as line_rank,
        0 as line_order,
        case direction when 'receivable' then 'accrued_revenue' else 'accrued_cost' end as control,
        null::varchar as gl_account,
        case direction when 'receivable' then 'debit' else 'credit' end as entry_side,
        sum(net_amount) as amount,
        null::bigint as order_item_id,
        'Delivered in ' || min(period) || ' and not yet ordered: ' || min(legal_name) as description
    from items
    group by journal_entry_id, month_end_date, counterparty_id, direction, currency_code

    union all

    select
        journal_entry_id,
        month_end_date,
        counterparty_id,
        direction,
        currency_code,
        2 as line_rank,
        order_item_id as line_order,
        null::varchar as control,
        gl_account,
        case direction when 'receivable' then 'credit' else 'debit' end as entry_side,
        net_amount as amount,
        order_item_id,
        coalesce(deal_name, 'Line ' || order_item_id) as description
    from items
)

select
    lines.journal_entry_id,
    'accrual' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_etrm' as source_system,
    'accrual' as source_document_type,
    replace(lines.journal_entry_id, 'atlas_etrm:accrual:', '') as source_document_id,
    lines.month_end_date as entry_date,
    null::date as rate_date,
    lines.direction,
    lines.line_rank,
    lines.line_order::bigint as line_order,
    coalesce(lines.control, case lines.direction when 'receivable' then 'revenue' else 'expense' end) as line_type,
    coalesce(lines.gl_account, accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    lines.amount::decimal(20, 4) as amount,
    lines.currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    null::bigint as order_id,
    lines.order_item_id,
    lines.description,
    lines.counterparty_id as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from lines
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and lines.currency_code = accounts.currency_code
