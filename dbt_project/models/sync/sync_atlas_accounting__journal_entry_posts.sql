-- Posting the draft journal entries that carry one of our ids, which puts them in the ledger.
-- One row per draft that says what the journal says; a reversal waits until what it takes back is posted.
with derived as (
    select
        journal_entry_id,
        max(order_id) as order_id,
        min(currency_code) as currency_code,
        sum(amount) filter (where entry_side = 'debit') as amount
    from {{ ref('fct_journal_entry_lines') }}
    where posting_status = 'pending' and amount <> 0
    group by journal_entry_id
)

select
    'entry:' || drafts.journal_entry_id || ':' || drafts.journal_entry_id_atlas_accounting as sync_key,
    'post' as operation,
    'journal entry ' || coalesce(drafts.entry_number, drafts.journal_entry_id_atlas_accounting) || ' ('
    || drafts.journal_entry_id || ')' as record_label,
    derived.order_id,
    drafts.journal_entry_id_atlas_accounting as destination_id,
    null::varchar as expected_version,
    derived.amount::decimal(20, 4) as amount,
    derived.currency_code,
    json_object('status', 'posted')::varchar as payload,
    json_object('status', 'draft')::varchar as current_values
from {{ ref('int_posting__adjusting_entry_sources') }} as drafts
inner join {{ ref('int_posting__adjusting_entry_findings') }} as findings
    on drafts.journal_entry_id = findings.journal_entry_id
inner join derived
    on drafts.journal_entry_id = derived.journal_entry_id
left join {{ ref('int_posting__adjusting_entry_sources') }} as taken_back
    on drafts.journal_entry_id = taken_back.journal_entry_id || ':reversal'
where
    drafts.entry_status = 'draft'
    and drafts.journal_source = 'rules'
    and drafts.copy_count = 1
    and not drafts.is_differing
    and findings.is_sendable
    and coalesce(taken_back.is_posted, true)
