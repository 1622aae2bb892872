-- What a person should know about journal lines, in the columns of `fct_exceptions`.
-- One row per exception code and record.
with lines as (
    select
        journal_lines.journal_entry_id,
        journal_lines.source_system,
        journal_lines.source_document_type,
        journal_lines.source_document_id,
        journal_lines.order_id,
        journal_lines.currency_code,
        journal_lines.entry_date,
        bool_or(journal_lines.amount_base is null) as has_no_rate,
        bool_or(journal_lines.gl_account = 'unknown') as has_no_account
    from {{ ref('int_posting__journal_lines') }} as journal_lines
    group by all
)

select
    'missing_exchange_rate' as exception_code,
    'warn' as severity,
    source_system,
    source_document_type as record_type,
    source_document_id as record_id,
    'No reference rate for ' || currency_code || ' is known on ' || entry_date || ': no base amounts.' as message,
    'Bring the seed ecb_reference_rates up to date.' as remedy,
    order_id
from lines
where has_no_rate

union all

select
    'unknown_posting_account' as exception_code,
    'warn' as severity,
    source_system,
    source_document_type as record_type,
    source_document_id as record_id,
    'A line of ' || journal_entry_id || ' names no account that is known.' as message,
    'Complete the seed control_accounts, or look at the record in Atlas Accounting.' as remedy,
    order_id
from lines
where has_no_account

union all

select
    'entry_follows_document' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'order' as record_type,
    sources.order_id::varchar as record_id,
    'The lines or master data were changed after the ' || sources.document_type
    || ' was issued; the journal keeps the accounts of the document.' as message,
    'None if the change was meant for the future; else void the document and book the correction by hand.' as remedy,
    sources.order_id
from {{ ref('int_posting__order_side_sources') }} as sources
inner join {{ ref('int_posting__order_sides') }} as sides
    on
        sources.order_id = sides.order_id
        and sources.direction = sides.direction
where
    sources.journal_source = 'document'
    and sources.link = 'key'
    and not sides.is_held
