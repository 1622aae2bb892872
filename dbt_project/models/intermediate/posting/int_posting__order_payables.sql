-- The payable side of orders: debit each line's GL account with its net, debit input VAT, credit trade payables with
-- net and VAT; what rounding leaves over is debited to the rounding account.
-- One row per journal line of an order that has Passive lines, as our rules derive it.
with sides as (
    select *
    from {{ ref('int_posting__order_sides') }}
    where direction = 'payable' and is_derived
),

items as (
    select
        items.order_id,
        items.order_item_id,
        items.deal_name,
        items.gl_account,
        items.net_amount,
        row_number() over (
            partition by items.order_id order by items.net_amount desc, items.order_item_id asc
        ) as size_rank
    from {{ ref('int_settlement__order_items') }} as items
    inner join sides
        on items.order_id = sides.order_id
    where items.is_in_order and items.direction = 'payable' and items.net_amount > 0
),

remainders as (
    -- The gross is the rounded sum; what its rounded parts lack or exceed is a few minor units at most.
    select
        sides.order_id,
        sides.gross_amount - sides.vat_amount - coalesce(sum(items.net_amount), 0) as amount
    from sides
    left join items
        on sides.order_id = items.order_id
    group by sides.order_id, sides.gross_amount, sides.vat_amount
),

lines as (
    select
        sides.order_id,
        1 as line_rank,
        'payables' as line_type,
        accounts.account_number as gl_account,
        'credit' as entry_side,
        sides.gross_amount as amount,
        null::bigint as order_item_id,
        null::varchar as description
    from sides
    inner join {{ ref('int_posting__control_accounts') }} as accounts
        on
            sides.currency_code = accounts.currency_code
            and accounts.control = 'payables'

    union all

    select
        items.order_id,
        2 as line_rank,
        'expense' as line_type,
        items.gl_account,
        'debit' as entry_side,
        -- An excess comes off the largest line, because a document takes no line below zero.
        items.net_amount
        + case when items.size_rank = 1 and remainders.amount < 0 then remainders.amount else 0 end as amount,
        items.order_item_id,
        items.deal_name as description
    from items
    inner join remainders
        on items.order_id = remainders.order_id

    union all

    select
        sides.order_id,
        3 as line_rank,
        'input_vat' as line_type,
        accounts.account_number as gl_account,
        'debit' as entry_side,
        sides.vat_amount as amount,
        null::bigint as order_item_id,
        'VAT' as description
    from sides
    inner join {{ ref('int_posting__control_accounts') }} as accounts
        on
            sides.currency_code = accounts.currency_code
            and accounts.control = 'input_vat'

    union all

    select
        sides.order_id,
        4 as line_rank,
        'rounding' as line_type,
        accounts.account_number as gl_account,
        'debit' as entry_side,
        remainders.amount,
        null::bigint as order_item_id,
        'Rounding' as description
    from sides
    inner join remainders
        on
            sides.order_id = remainders.order_id
            and remainders.amount > 0
    inner join {{ ref('int_posting__control_accounts') }} as accounts
        on
            sides.currency_code = accounts.currency_code
            and accounts.control = 'rounding'
)

select
    'atlas_etrm:order:' || sides.order_id as journal_entry_id,
    'atlas_etrm' as source_system,
    'order' as source_document_type,
    sides.order_id::varchar as source_document_id,
    sides.document_date as entry_date,
    sides.direction,
    lines.line_rank,
    coalesce(lines.order_item_id, 0) as line_order,
    lines.line_type,
    lines.gl_account,
    lines.entry_side,
    lines.amount::decimal(20, 4) as amount,
    sides.currency_code,
    sides.is_issued as is_posted,
    sides.order_id,
    lines.order_item_id,
    lines.description,
    sides.counterparty_id as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id
from sides
inner join lines
    on sides.order_id = lines.order_id
where lines.amount <> 0
