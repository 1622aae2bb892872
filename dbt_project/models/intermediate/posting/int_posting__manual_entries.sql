-- Journal entries kept in Atlas Accounting itself, by their own lines; a reversed entry and its reversal both count.
-- Those that carry one of our journal ids are that entry of ours and not these; a second copy of it is.
-- One row per journal line of a posted entry.
with entries as (
    select entries.*
    from {{ ref('stg_atlas_accounting__journal_entries') }} as entries
    left join {{ ref('int_posting__entries_in_books') }} as ours
        on
            entries.journal_entry_id_atlas_accounting = ours.journal_entry_id_atlas_accounting
            and ours.journal_entry_id not like 'atlas_etrm:order:%'
    left join {{ ref('int_posting__order_entries_in_books') }} as of_orders
        on entries.journal_entry_id_atlas_accounting = of_orders.journal_entry_id_atlas_accounting
    where
        entries.is_posted
        and ours.journal_entry_id is null
        and of_orders.journal_entry_id_atlas_accounting is null
)

select
    'atlas_accounting:journal_entry:' || entries.journal_entry_id_atlas_accounting as journal_entry_id,
    'manual_entry' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'journal_entry' as source_document_type,
    entries.journal_entry_id_atlas_accounting as source_document_id,
    entries.entry_date,
    null::date as rate_date,
    null::varchar as direction,
    1 as line_rank,
    lines.line_number::bigint as line_order,
    'manual' as line_type,
    coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account,
    lines.entry_side,
    lines.amount::decimal(20, 4) as amount,
    coalesce(entries.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
    null::decimal(20, 4) as amount_base,
    true as is_posted,
    null::bigint as order_id,
    null::bigint as order_item_id,
    coalesce(lines.description, entries.description) as description,
    null::bigint as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from entries
cross join {{ ref('stg_operations__run_parameters') }} as parameters
inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
    on entries.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
    on lines.account_id = accounts.account_id
where lines.amount <> 0
