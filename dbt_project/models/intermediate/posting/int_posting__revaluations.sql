-- Open documents, unplaced money and bank balances in another currency at the rate of a month's end: the difference to
-- what they are carried at, in base currency, on an adjustment account of its own, never on the control or bank
-- account, against unrealised differences.
-- One row per journal line; one entry per month, side and currency.
with differences as (
    select
        items.journal_entry_id,
        items.period,
        items.month_end_date,
        items.side,
        items.currency_code as document_currency_code,
        items.base_currency_code,
        -- Worth more is a gain where we own it: what customers owe, what vendors were paid in advance, money at banks.
        items.side in ('receivable', 'payable_credit', 'bank') as is_asset,
        max(items.rate_date) as rate_date,
        sum(items.amount_base_revalued - items.amount_base_carried) as difference
    from {{ ref('int_posting__revaluation_items') }} as items
    inner join {{ ref('int_posting__month_ends') }} as months
        on
            items.month_end_date = months.month_end_date
            and items.event = months.event
    left join {{ ref('int_posting__entries_in_books') }} as booked
        on
            items.journal_entry_id = booked.journal_entry_id
            and booked.is_posted
    -- Nothing is dated in a closed month, but what is booked there stays.
    where not months.is_closed or booked.journal_entry_id is not null
    group by
        items.journal_entry_id, items.period, items.month_end_date, items.side, items.currency_code,
        items.base_currency_code
    having
        sum(items.amount_base_revalued - items.amount_base_carried) <> 0
        and count(items.amount_base_revalued - items.amount_base_carried) = count(*)
        -- One line takes no more; the entry is held by name (`int_posting__adjusting_entry_exceptions`).
        and abs(sum(items.amount_base_revalued - items.amount_base_carried)) <= {{ most_money() }}
),

lines as (
    select
        differences.*,
        1 as line_rank,
        case differences.side
            when 'bank' then 'fx_adjustment_bank' else 'fx_adjustment_' || differences.side || 's'
        end as control,
        case when differences.is_asset = (differences.difference > 0) then 'debit' else 'credit' end as entry_side
    from differences

    union all

    select
        differences.*,
        2 as line_rank,
        'unrealised_fx' as control,
        case when differences.is_asset = (differences.difference > 0) then 'credit' else 'debit' end as entry_side
    from differences
)

select
    lines.journal_entry_id,
    'revaluation' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'revaluation' as source_document_type,
    replace(lines.journal_entry_id, 'atlas_accounting:revaluation:', '') as source_document_id,
    lines.month_end_date as entry_date,
    null::date as rate_date,
    case
        when lines.side like 'receivable%' then 'receivable' when lines.side like 'payable%' then 'payable'
    end as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.control as line_type,
    coalesce(accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    abs(lines.difference)::decimal(20, 4) as amount,
    lines.base_currency_code as currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    null::bigint as order_id,
    null::bigint as order_item_id,
    case lines.side
        when 'receivable' then 'Open receivables'
        when 'payable' then 'Open payables'
        when 'receivable_credit' then 'Unplaced receipts'
        when 'payable_credit' then 'Unplaced payments'
        else 'Bank balances'
    end || ' in ' || lines.document_currency_code || ' at the rate of ' || lines.rate_date as description,
    null::bigint as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from lines
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and lines.base_currency_code = accounts.currency_code
