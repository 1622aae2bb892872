-- VAT that we owe as the recipient, and deduct: debit input VAT, credit output VAT, both under reverse charge. A bill
-- that was voided since takes its entry back.
-- One row per journal line; one entry per bill.
with entries as (
    select
        bills.*,
        bills.journal_entry_id as entry_id,
        'reverse_charge' as posting_rule,
        null::varchar as reverses_journal_entry_id,
        1 as sign
    from {{ ref('int_posting__reverse_charge_bills') }} as bills
    where bills.vat_amount <> 0

    union all

    select
        bills.*,
        bills.journal_entry_id || ':reversal' as entry_id,
        'reverse_charge_reversal' as posting_rule,
        bills.journal_entry_id as reverses_journal_entry_id,
        -1 as sign
    from {{ ref('int_posting__reverse_charge_bills') }} as bills
    where bills.vat_amount <> 0 and bills.is_voided
),

lines as (
    select
        entries.*,
        1 as line_rank,
        'reverse_charge_input_vat' as control,
        case when entries.sign * entries.vat_amount > 0 then 'debit' else 'credit' end as entry_side
    from entries

    union all

    select
        entries.*,
        2 as line_rank,
        'reverse_charge_output_vat' as control,
        case when entries.sign * entries.vat_amount > 0 then 'credit' else 'debit' end as entry_side
    from entries
)

select
    lines.entry_id as journal_entry_id,
    lines.posting_rule,
    1 as revision,
    lines.reverses_journal_entry_id,
    'atlas_etrm' as source_system,
    lines.posting_rule as source_document_type,
    regexp_replace(lines.entry_id, '^[^:]+:[^:]+:', '') as source_document_id,
    lines.entry_date,
    null::date as rate_date,
    'payable' as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.control as line_type,
    coalesce(accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    abs(lines.vat_amount)::decimal(20, 4) as amount,
    lines.currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    lines.order_id,
    null::bigint as order_item_id,
    'VAT '
    || regexp_replace(lines.rate_percent::varchar, '\.?0+$', '')
    || ' % on '
    || coalesce(lines.bill_number, lines.bill_id)
        as description,
    orders.counterparty_id as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    lines.vendor_id,
    lines.vat_treatment,
    lines.vat_reason
from lines
left join {{ ref('stg_atlas_etrm__orders') }} as orders
    on lines.order_id = orders.order_id
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and lines.currency_code = accounts.currency_code
