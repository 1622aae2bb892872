-- Posting the draft journal entries that carry one of our ids, which puts them in the ledger.
-- One row per draft that says what the journal says; a reversal waits until what it takes back is posted, and the entry
-- of an order goes as a draft invoice or bill would.
with derived as (
    select
        journal_entry_id,
        max(order_id) as order_id,
        min(currency_code) as currency_code,
        sum(amount) filter (where entry_side = 'debit') as amount
    from {{ ref('fct_journal_entry_lines') }}
    where posting_status = 'pending' and amount <> 0
    group by journal_entry_id
),

drafts as (
    select
        drafts.journal_entry_id,
        drafts.journal_entry_id_atlas_accounting,
        drafts.entry_number,
        derived.order_id,
        derived.currency_code,
        derived.amount
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

    union all

    select
        due.journal_entry_id,
        due.journal_entry_id_atlas_accounting,
        due.entry_number,
        derived.order_id,
        derived.currency_code,
        derived.amount
    from {{ ref('int_posting__order_entries_due') }} as due
    inner join derived
        on due.journal_entry_id = derived.journal_entry_id
    where due.is_reversal and due.entry_status = 'draft' and due.copy_count = 1

    union all

    select
        min(derived.journal_entry_id) as journal_entry_id,
        documents.journal_entry_id_atlas_accounting,
        min(regexp_replace(documents.document_number, '-A[RP]$', '')) as entry_number,
        documents.order_id,
        min(derived.currency_code) as currency_code,
        min(derived.amount) as amount
    from {{ ref('int_posting__order_documents') }} as documents
    inner join {{ ref('fct_orders') }} as orders
        on documents.order_id = orders.order_id
    inner join derived
        on derived.journal_entry_id = {{ order_entry_id('documents.order_id', 'documents.revision') }}
    where documents.is_entry and documents.document_status = 'draft' and documents.link = 'key'
    group by documents.order_id, documents.journal_entry_id_atlas_accounting
    -- Each side as the journal derives it, and the order as it was when a draft document would be issued.
    having bool_and(
        not orders.is_held
        and not orders.is_correction_due
        and orders.status_role in ('ready', 'processed', 'settled')
        and documents.amount_total = case documents.document_type
            when 'invoice' then orders.gross_receivable
            else orders.gross_payable
        end
    )
)

select
    'entry:' || drafts.journal_entry_id || ':' || drafts.journal_entry_id_atlas_accounting as sync_key,
    'post' as operation,
    'journal entry ' || coalesce(drafts.entry_number, drafts.journal_entry_id_atlas_accounting) || ' ('
    || drafts.journal_entry_id || ')' as record_label,
    drafts.order_id,
    drafts.journal_entry_id_atlas_accounting as destination_id,
    null::varchar as expected_version,
    drafts.amount::decimal(20, 4) as amount,
    drafts.currency_code,
    json_object('status', 'posted')::varchar as payload,
    json_object('status', 'draft')::varchar as current_values
from drafts
