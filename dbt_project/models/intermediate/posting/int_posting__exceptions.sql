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
        bool_or(journal_lines.amount_base is null and journal_lines.base_rate is null) as has_no_rate,
        bool_or(journal_lines.amount_base is null and journal_lines.base_rate is not null) as is_out_of_range,
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
    'base_amount_out_of_range' as exception_code,
    'warn' as severity,
    source_system,
    source_document_type as record_type,
    source_document_id as record_id,
    'An amount in ' || currency_code || ' is beyond anything money is kept in once it is converted: no base amounts.'
        as message,
    'Correct the amount at its source.' as remedy,
    order_id
from lines
where is_out_of_range

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
    'None if the change was meant for the future; else name the account on the lines, and the document is corrected.'
        as remedy,
    sources.order_id
from {{ ref('int_posting__order_side_sources') }} as sources
inner join {{ ref('int_posting__order_sides') }} as sides
    on
        sources.order_id = sides.order_id
        and sources.direction = sides.direction
where
    sources.journal_source = 'document'
    and sources.link = 'key'
    and not sources.is_held
    and not sources.is_correction_due

union all

select
    'order_vanished' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'order' as record_type,
    documents.order_id::varchar as record_id,
    'The order is gone from ATLAS ETRM, but its document stands in Atlas Accounting; the books keep it.' as message,
    'Void the document in Atlas Accounting, or restore the order in ATLAS ETRM.' as remedy,
    documents.order_id
from (
    select order_id from {{ ref('stg_atlas_accounting__invoices') }}
    where is_issued
    union
    select order_id from {{ ref('stg_atlas_accounting__bills') }}
    where is_issued
) as documents
left join {{ ref('stg_atlas_etrm__orders') }} as orders
    on documents.order_id = orders.order_id
where documents.order_id is not null and orders.order_id is null

union all

select
    'invoice_of_voided_document' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'invoice' as record_type,
    invoices.invoice_id::varchar as record_id,
    'ATLAS ETRM still has the invoice of ' || documents.document_number || ', which is void.' as message,
    'Delete it in ATLAS ETRM: its interface knows no way to take an invoice back.' as remedy,
    invoices.order_id
from {{ ref('stg_atlas_etrm__invoices') }} as invoices
inner join {{ ref('int_posting__order_documents') }} as documents
    on
        invoices.order_id = documents.order_id
        and invoices.external_id = documents.document_number
inner join {{ ref('int_posting__order_side_sources') }} as sources
    on
        documents.order_id = sources.order_id
        and documents.document_type = sources.document_type
where
    documents.link = 'key'
    and documents.is_voided
    -- Where a revision follows, the invoice follows it.
    and not sources.is_document_due
