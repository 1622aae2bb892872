-- Orders as our rules derive their entry. Receivable side: debit trade receivables with net and VAT, credit each line's
-- GL account with its net, credit output VAT. Payable side: debit each line's GL account with its net, debit input VAT,
-- credit trade payables with net and VAT. What rounding leaves over stands on the side of the GL accounts.
-- Whether it is held, and under which revision it is posted, is decided later (int_posting__orders_from_items).
-- One row per journal line of an order's side that our rules may post.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_posting__order_sides',
    'int_settlement__order_items',
    'int_settlement__item_vat_treatments',
    'int_settlement__vat_treatments',
]}}) }}
with rules (direction, posting_rule, control, control_side, item_line_type, vat_control, item_side) as (
    values
    ('receivable', 'order_receivable', 'receivables', 'debit', 'revenue', 'output_vat', 'credit'),
    ('payable', 'order_payable', 'payables', 'credit', 'expense', 'input_vat', 'debit')
),

sides as (
    select
        sides.*,
        rules.posting_rule,
        rules.control,
        rules.control_side,
        rules.item_line_type,
        rules.vat_control,
        rules.item_side
    from {{ ref('int_posting__order_sides') }} as sides
    inner join rules
        on sides.direction = rules.direction
    where sides.is_postable
),

items as (
    select
        items.order_id,
        items.direction,
        items.order_item_id,
        items.deal_name,
        items.gl_account,
        items.net_amount,
        row_number() over (
            partition by items.order_id, items.direction order by items.net_amount desc, items.order_item_id asc
        ) as size_rank
    from {{ ref('int_settlement__order_items') }} as items
    inner join sides
        on
            items.order_id = sides.order_id
            and items.direction = sides.direction
    where items.is_in_order and items.net_amount > 0
),

remainders as (
    -- The gross is the rounded sum; what its rounded parts lack or exceed is a few minor units at most.
    select
        sides.order_id,
        sides.direction,
        sides.gross_amount - sides.vat_amount - coalesce(sum(items.net_amount), 0) as amount
    from sides
    left join items
        on
            sides.order_id = items.order_id
            and sides.direction = items.direction
    group by sides.order_id, sides.direction, sides.gross_amount, sides.vat_amount
),

lines as (
    select
        order_id,
        direction,
        1 as line_rank,
        control as line_type,
        control,
        null::varchar as gl_account,
        control_side as entry_side,
        gross_amount as amount,
        null::bigint as order_item_id,
        null::varchar as description
    from sides

    union all

    select
        items.order_id,
        items.direction,
        2 as line_rank,
        sides.item_line_type as line_type,
        null::varchar as control,
        items.gl_account,
        sides.item_side as entry_side,
        -- An excess comes off the largest line, because a document takes no line below zero.
        items.net_amount
        + case when items.size_rank = 1 and remainders.amount < 0 then remainders.amount else 0 end as amount,
        items.order_item_id,
        items.deal_name as description
    from items
    inner join sides
        on
            items.order_id = sides.order_id
            and items.direction = sides.direction
    inner join remainders
        on
            items.order_id = remainders.order_id
            and items.direction = remainders.direction

    union all

    select
        order_id,
        direction,
        3 as line_rank,
        vat_control as line_type,
        vat_control as control,
        null::varchar as gl_account,
        item_side as entry_side,
        vat_amount as amount,
        null::bigint as order_item_id,
        'VAT' as description
    from sides

    union all

    select
        sides.order_id,
        sides.direction,
        4 as line_rank,
        'rounding' as line_type,
        'rounding' as control,
        null::varchar as gl_account,
        sides.item_side as entry_side,
        remainders.amount,
        null::bigint as order_item_id,
        'Rounding' as description
    from sides
    inner join remainders
        on
            sides.order_id = remainders.order_id
            and sides.direction = remainders.direction
            and remainders.amount > 0
)

select
    'atlas_etrm:order:' || sides.order_id as journal_entry_id,
    sides.posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_etrm' as source_system,
    'order' as source_document_type,
    sides.order_id::varchar as source_document_id,
    sides.document_date as entry_date,
    null::date as rate_date,
    sides.direction,
    lines.line_rank,
    coalesce(lines.order_item_id, 0) as line_order,
    lines.line_type,
    coalesce(lines.gl_account, accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    lines.amount::decimal(20, 4) as amount,
    sides.currency_code,
    null::decimal(20, 4) as amount_base,
    sides.is_issued as is_posted,
    sides.order_id,
    lines.order_item_id,
    lines.description,
    sides.counterparty_id as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    coalesce(item_treatments.vat_treatment, treatments.vat_treatment) as vat_treatment,
    coalesce(item_treatments.vat_reason, treatments.vat_reason) as vat_reason
from sides
inner join lines
    on
        sides.order_id = lines.order_id
        and sides.direction = lines.direction
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and sides.currency_code = accounts.currency_code
left join {{ ref('int_settlement__item_vat_treatments') }} as item_treatments
    on lines.order_item_id = item_treatments.order_item_id
left join {{ ref('int_settlement__vat_treatments') }} as treatments
    on
        sides.order_id = treatments.order_id
        and sides.direction = treatments.direction
where lines.amount <> 0
