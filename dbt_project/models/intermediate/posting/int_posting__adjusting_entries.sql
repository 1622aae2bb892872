-- Entries without a document as the journal holds them: by our rules, or, where what was posted differs, by the lines
-- that Atlas Accounting holds under our id.
-- One row per journal line.
with sources as (
    select * from {{ ref('int_posting__adjusting_entry_sources') }}
),

derived as (
    select * from {{ ref('int_posting__adjusting_entries_derived') }}
),

account_roles as (
    select
        gl_account,
        journal_entry_id,
        min(line_type) as line_type
    from derived
    group by gl_account, journal_entry_id
),

heads as (
    select
        journal_entry_id,
        min(source_document_type) as source_document_type,
        min(posting_rule) as posting_rule,
        min(reverses_journal_entry_id) as reverses_journal_entry_id,
        min(revision) as revision,
        min(direction) as direction,
        min(order_id) as order_id,
        min(counterparty_id_atlas_etrm) as counterparty_id_atlas_etrm
    from derived
    group by journal_entry_id
)

select derived.* replace (sources.entry_date as entry_date, sources.is_posted as is_posted)
from derived
inner join sources
    on
        derived.journal_entry_id = sources.journal_entry_id
        and sources.journal_source = 'rules'

union all by name

select
    sources.journal_entry_id,
    coalesce(heads.posting_rule, 'adjustment') as posting_rule,
    coalesce(heads.revision, 1) as revision,
    coalesce(
        heads.reverses_journal_entry_id,
        nullif(regexp_replace(sources.journal_entry_id, ':reversal$', ''), sources.journal_entry_id)
    ) as reverses_journal_entry_id,
    split_part(sources.journal_entry_id, ':', 1) as source_system,
    coalesce(
        heads.source_document_type,
        split_part(sources.journal_entry_id, ':', 2)
        || case when sources.journal_entry_id like '%:reversal' then '_reversal' else '' end
    ) as source_document_type,
    regexp_replace(sources.journal_entry_id, '^[^:]+:[^:]+:', '') as source_document_id,
    sources.entry_date,
    null::date as rate_date,
    heads.direction,
    1 as line_rank,
    lines.line_number::bigint as line_order,
    coalesce(account_roles.line_type, 'adjustment') as line_type,
    coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account,
    lines.entry_side,
    lines.amount::decimal(20, 4) as amount,
    coalesce(lines.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
    null::decimal(20, 4) as amount_base,
    true as is_posted,
    heads.order_id,
    null::bigint as order_item_id,
    lines.description,
    heads.counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from sources
cross join {{ ref('stg_operations__run_parameters') }} as parameters
inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
    on sources.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
    on lines.account_id = accounts.account_id
left join heads
    on sources.journal_entry_id = heads.journal_entry_id
left join account_roles
    on
        sources.journal_entry_id = account_roles.journal_entry_id
        and coalesce(accounts.account_number, lines.account_id, 'unknown') = account_roles.gl_account
where sources.journal_source = 'books' and lines.amount <> 0
