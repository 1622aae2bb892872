-- Bank charges that nobody has booked: debit bank charges, credit the account they were taken from; a refund the other
-- way round. Dated on the bank's day, or the first open one.
-- One row per journal line; one entry per bank line.
with fees as (
    select
        charges.*,
        greatest(charges.booking_date, coalesce(closed.first_open_date, charges.booking_date)) as entry_date
    from {{ ref('int_posting__bank_charges') }} as charges
    cross join {{ ref('int_posting__closed_through') }} as closed
    where charges.charge_status = 'due' and charges.amount <> 0
),

lines as (
    select
        fees.*,
        1 as line_rank,
        'bank_charges' as line_type,
        accounts.account_number as line_account,
        case when fees.amount > 0 then 'debit' else 'credit' end as entry_side
    from fees
    left join {{ ref('int_posting__control_accounts') }} as accounts
        on
            fees.currency_code = accounts.currency_code
            and accounts.control = 'bank_charges'

    union all

    select
        fees.*,
        2 as line_rank,
        'bank' as line_type,
        fees.gl_account as line_account,
        case when fees.amount > 0 then 'credit' else 'debit' end as entry_side
    from fees
)

select
    lines.journal_entry_id,
    'bank_fee' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlar' as source_system,
    'bank_fee' as source_document_type,
    regexp_replace(lines.journal_entry_id, '^atlar:bank_fee:', '') as source_document_id,
    lines.entry_date,
    null::date as rate_date,
    null::varchar as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.line_type,
    coalesce(lines.line_account, 'unknown') as gl_account,
    lines.entry_side,
    abs(lines.amount)::decimal(20, 4) as amount,
    lines.currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    null::bigint as order_id,
    null::bigint as order_item_id,
    'Bank charge of ' || lines.booking_date || coalesce(': ' || lines.bank_text, '') as description,
    null::bigint as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from lines
