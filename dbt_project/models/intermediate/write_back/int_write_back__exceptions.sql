-- What a person should look at where the destinations hold something else than they should and no write mends it by
-- itself, in the columns of `fct_exceptions`.
-- One row per exception code and record.
with paid_but_open as (
    select
        invoices.invoice_id,
        documents.document_number,
        documents.order_id,
        documents.amount_due,
        documents.currency_code
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    inner join {{ ref('stg_atlas_etrm__invoices') }} as invoices
        on
            documents.order_id = invoices.order_id
            and documents.document_number = invoices.external_id
    where
        invoices.is_paid
        and documents.amount_due <> 0
),

-- Payments that we wrote for an application that the books do not have any more.
payments_taken_back as (
    select
        payments.payment_id,
        payments.amount,
        documents.document_number,
        documents.order_id,
        documents.currency_code
    from {{ ref('stg_atlas_etrm__payments') }} as payments
    inner join {{ ref('int_reconciliation__issued_documents') }} as documents
        on split_part(payments.external_id, ':', 2) = documents.document_id
    left join {{ ref('int_reconciliation__settlements') }} as settlements
        on
            documents.side = settlements.side
            and documents.document_id = settlements.document_id
            and payments.external_id = settlements.payment_id || ':' || settlements.document_id
    where
        settlements.document_id is null
        and payments.amount <> 0
),

classified as (
    select
        documents.document_id,
        documents.document_type,
        documents.reference,
        documents.provenance_vendor_id,
        documents.classification,
        case when bool_or(coalesce(account_types.gl_account_type, '') = 'BANK') then 'INSTRUCTION' else 'SOURCE' end
            as wanted_classification
    from {{ ref('stg_atlar__documents') }} as documents
    inner join {{ ref('stg_atlar__document_gl_entries') }} as entries
        on documents.document_id = entries.document_id
    inner join {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
        on entries.gl_account_id = gl_accounts.gl_account_id
    inner join {{ ref('int_write_back__gl_account_types') }} as account_types
        on gl_accounts.external_id = account_types.account_id
    where not documents.is_voided
    group by all
),

-- Payments that Atlar has as documents and the books do not show at all; a voided one is voided there by a sync.
payments_without_source as (
    select
        documents.document_id,
        documents.reference,
        documents.provenance_vendor_id
    from {{ ref('stg_atlar__documents') }} as documents
    left join {{ ref('stg_atlas_accounting__payments') }} as received
        on documents.provenance_vendor_id = 'PAYMENT/' || received.payment_id
    left join {{ ref('stg_atlas_accounting__payments_made') }} as made
        on documents.provenance_vendor_id = 'PAYMENT_MADE/' || made.payment_made_id
    where
        documents.document_type = 'PAYMENT'
        and not documents.is_voided
        and starts_with(documents.provenance_vendor_id, 'PAYMENT')
        and received.payment_id is null
        and made.payment_made_id is null
)

select
    'paid_but_open' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'invoice' as record_type,
    invoice_id::varchar as record_id,
    'Invoice ' || document_number || ' is marked as paid in ATLAS ETRM, but '
    || {{ minor_unit_text('amount_due', 'currency_code') }} || ' ' || currency_code || ' are open in the books.'
        as message,
    'Approve its reopening in the plan where we marked it; else apply the payment in Atlas Accounting, or unmark it.'
        as remedy,
    order_id
from paid_but_open

union all

select
    'payment_taken_back' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'payment' as record_type,
    payment_id::varchar as record_id,
    'ATLAS ETRM still shows a payment of ' || {{ minor_unit_text('amount', 'currency_code') }} || ' ' || currency_code
    || ' for ' || document_number || ', which the books do not apply to it any more.' as message,
    'Correct or delete the payment in ATLAS ETRM; its API documents no way to take one back.' as remedy,
    order_id
from payments_taken_back

union all

select
    'classification_mismatch' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    'document' as record_type,
    document_id as record_id,
    'Atlar takes ' || lower(document_type) || ' ' || coalesce(reference, provenance_vendor_id, document_id) || ' for '
    || coalesce(classification, 'nothing') || ', by the chart of accounts it is ' || wanted_classification || '.'
        as message,
    'Set the types of its GL accounts in Atlar (bank accounts BANK, no others); it reconciles by them.' as remedy,
    null::bigint as order_id
from classified
where classification is distinct from wanted_classification

union all

select
    'gl_account_type_mismatch' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    'gl_account' as record_type,
    gl_accounts.gl_account_id as record_id,
    'GL account ' || coalesce(gl_accounts.gl_account, gl_accounts.gl_account_name, gl_accounts.gl_account_id)
    || ' is '
    || coalesce(gl_accounts.gl_account_type, 'without a type') || ' in Atlar, by the chart of accounts '
    || account_types.gl_account_type || '.' as message,
    'Correct the type in Atlar, or the account type or the seed control_accounts.' as remedy,
    null::bigint as order_id
from {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
inner join {{ ref('int_write_back__gl_account_types') }} as account_types
    on gl_accounts.external_id = account_types.account_id
where coalesce(gl_accounts.gl_account_type, 'UNSPECIFIED') <> account_types.gl_account_type

union all

select
    'atlar_payment_without_source' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    'document' as record_type,
    document_id as record_id,
    'Atlar holds payment ' || coalesce(reference, provenance_vendor_id)
    || ', which Atlas Accounting does not show any more.' as message,
    'Find out what became of the payment; void the document in Atlar if it is not to stand.' as remedy,
    null::bigint as order_id
from payments_without_source

union all

select
    'master_data_conflict' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'counterparty' as record_type,
    counterparty_id || '/' || field as record_id,
    'Customer and vendor of counterparty ' || legal_name || ' have different values of ' || field
    || ': neither is written to ATLAS ETRM.' as message,
    'Make both records say the same in Atlas Accounting.' as remedy,
    null::bigint as order_id
from {{ ref('int_write_back__counterparty_fields') }}
where has_conflict

union all

select distinct
    'entry_in_several_currencies' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'Journal entry ' || coalesce(entry_number, journal_entry_id)
    || ' has lines in several currencies: it has no face value, and is not told to Atlar.' as message,
    'Split the entry in Atlas Accounting, or make its document in Atlar by hand.' as remedy,
    null::bigint as order_id
from {{ ref('int_write_back__journal_lines') }}
where is_in_several_currencies

union all

select
    'amount_out_of_range' as exception_code,
    'hold' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'The lines of journal entry ' || coalesce(any_value(entry_number), journal_entry_id)
    || ' add up to more than one document of Atlar can say.' as message,
    'Split the entry in Atlas Accounting, or make its document in Atlar by hand.' as remedy,
    null::bigint as order_id
from {{ ref('int_write_back__journal_lines') }}
where entry_side = 'debit' and not is_in_several_currencies
group by journal_entry_id
having sum(amount) > {{ most_money() }}
