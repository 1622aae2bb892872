-- What a person should look at where records of two systems do not fit together, in the columns of `fct_exceptions`.
-- That an order and its own document differ is judged with the order (`int_settlement__document_findings`).
-- One row per exception code and record.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

doubled_invoices as (
    select
        external_id,
        min(order_id) as order_id,
        count(*) as copy_count,
        string_agg(invoice_id::varchar, ', ' order by invoice_id) as ids
    from {{ ref('stg_atlas_etrm__invoices') }}
    where external_id is not null
    group by external_id
    having count(*) > 1
),

doubled_atlar_documents as (
    select
        provenance_vendor_id,
        min(document_id) as document_id,
        count(*) as copy_count
    from {{ ref('stg_atlar__documents') }}
    where provenance_vendor_id is not null and not is_voided
    group by provenance_vendor_id
    having count(*) > 1
),

unknown_orders as (
    select documents.*
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    left join {{ ref('stg_atlas_etrm__orders') }} as orders on documents.order_id = orders.order_id
    where documents.order_id is not null and orders.order_id is null
),

incomplete_days as (
    select
        balances.account_id,
        balances.balance_date,
        balances.line_count,
        balances.reported_count
    from {{ ref('int_reconciliation__bank_balances') }} as balances
    where balances.is_complete and balances.line_count <> balances.reported_count
),

lost_settlements as (
    select
        settlements.side,
        settlements.payment_id,
        count(*) as application_count
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('int_reconciliation__issued_documents') }} as documents
        on settlements.side = documents.side and settlements.document_id = documents.document_id
    where documents.document_id is null
    group by settlements.side, settlements.payment_id
),

returned_lines as (
    select
        *,
        'Money came back on ' || booking_date || ': '
        || {{ minor_unit_text('amount', 'currency_code') }} || ' ' || currency_code
        || coalesce(', ' || counterparty_name, '') || coalesce(', reason ' || return_reason_code, '')
        || case record_type when 'bank_statement_entry' then ', as only its statement tells' else '' end
            as what_came_back,
        coalesce(end_to_end_id, instruction_id) as named_by
    from {{ ref('int_reconciliation__returned_lines') }}
)

select
    'duplicate_atlas_etrm_invoice' as exception_code,
    'warn' as severity,
    'atlas_etrm' as source_system,
    'invoice' as record_type,
    external_id as record_id,
    copy_count || ' invoices in ATLAS ETRM stand for document ' || external_id || ' (' || ids || ').' as message,
    'Delete or correct the doubles in ATLAS ETRM; it does not check for them.' as remedy,
    order_id
from doubled_invoices

union all

select
    'duplicate_atlar_document' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    'document' as record_type,
    document_id as record_id,
    copy_count || ' documents in Atlar stand for ' || provenance_vendor_id || '.' as message,
    'Void all but one of them in Atlar.' as remedy,
    null::bigint as order_id
from doubled_atlar_documents

union all

select
    'document_of_unknown_order' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    case side when 'receivable' then 'invoice' else 'bill' end as record_type,
    document_id as record_id,
    'Document ' || coalesce(document_number, document_id) || ' carries the key of order ' || order_id
    || ', which ATLAS ETRM does not have.' as message,
    'Find out what became of the order; void the document if it is not to stand.' as remedy,
    order_id
from unknown_orders

union all

select
    'returned_payment' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    record_type,
    record_id,
    what_came_back || '; neither the payment nor its return is in the books.' as message,
    'None while both are left out: together they are 0.00. Once the payment is recorded, void it in Atlas Accounting.'
        as remedy,
    null::bigint as order_id
from returned_lines
where return_status = 'never_booked'

union all

select
    'returned_payment_not_in_books' as exception_code,
    'hold' as severity,
    'atlar' as source_system,
    record_type,
    record_id,
    what_came_back || '; the books still count ' || journal_entry_id || ' of ' || payment_date
    || case
        when payment_evidence = 'reference' then ', which ' || named_by || ' names,'
        when payment_evidence = 'bank_line' then ', which the bank''s line of ' || named_by || ' paid,'
        when payment_count > 1 then ', the latest of ' || payment_count || ' of that amount,'
        else ''
    end
    || coalesce(' as settling ' || document_numbers, '') || '.' as message,
    'Void that payment in Atlas Accounting: its entry is then reversed and what it settled is open again.' as remedy,
    null::bigint as order_id
from returned_lines
where return_status = 'payment_stands'

union all

select
    'discount_beyond_terms' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'invoice' as record_type,
    document_id as record_id,
    'A discount of ' || {{ minor_unit_text('amount_taken', 'currency_code') }} || ' ' || currency_code
    || ' was taken on ' || coalesce(document_number, document_id)
    || case
        when last_discount_date is null then ', which grants none.'
        else
            ', of it ' || {{ minor_unit_text('amount_beyond', 'currency_code') }} || ' beyond the terms: '
            || {{ minor_unit_text('amount_allowed', 'currency_code') }} || ' by ' || last_discount_date || '.'
    end as message,
    'Claim it from the customer, or leave it as granted: the books already count the invoice as settled by it.'
        as remedy,
    order_id
from {{ ref('int_reconciliation__discounts') }}
where finding = 'beyond_terms'

union all

select
    'discount_not_applied' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'invoice' as record_type,
    document_id as record_id,
    'The customer kept ' || {{ minor_unit_text('amount_open', 'currency_code') }} || ' ' || currency_code || ' of '
    || coalesce(document_number, document_id) || ' as the early-payment discount, within its term ('
    || last_discount_date || '); the books show it open.' as message,
    'Apply the payment with its discount in Atlas Accounting.' as remedy,
    order_id
from {{ ref('int_reconciliation__discounts') }}
where finding = 'not_applied'

union all

select
    'short_payment' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'invoice' as record_type,
    document_id as record_id,
    'The customer paid ' || coalesce(document_number, document_id) || ' short by '
    || {{ minor_unit_text('amount_open', 'currency_code') }} || ' ' || currency_code
    || ' on ' || last_payment_date || ', after the discount ended on ' || last_discount_date || '.' as message,
    'Claim the rest from the customer, or grant the discount in Atlas Accounting.' as remedy,
    order_id
from {{ ref('int_reconciliation__discounts') }}
where finding = 'short_payment'

union all

select
    'bank_lines_missing' as exception_code,
    'warn' as severity,
    'atlar' as source_system,
    'account' as record_type,
    account_id || '/' || balance_date as record_id,
    'The bank counted ' || reported_count || ' line(s) up to ' || balance_date || ', ' || line_count
    || ' are here.' as message,
    'Read the account again from the day before; a line may have been deleted or come late.' as remedy,
    null::bigint as order_id
from incomplete_days

union all

select
    'payment_of_unknown_document' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    case side when 'receivable' then 'payment' else 'payment_made' end as record_type,
    payment_id as record_id,
    application_count || ' application(s) of the payment name a document that is not issued; they count as credit.'
        as message,
    'Apply the payment to an issued document.' as remedy,
    null::bigint as order_id
from lost_settlements

union all

select
    'missing_trial_balance' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'trial_balance' as record_type,
    parameters.as_of_date::varchar as record_id,
    'Atlas Accounting gave no trial balance for ' || parameters.as_of_date
    || ': the controls against it are left out.' as message,
    'Read again; if this deployment has no such report, compare by hand.' as remedy,
    null::bigint as order_id
from parameters
where
    exists (select 1 from {{ ref('int_reconciliation__issued_documents') }})
    and not exists (
        select 1
        from {{ ref('stg_atlas_accounting__trial_balance') }} as reports
        where reports.as_of_date = parameters.as_of_date
    )

union all

select
    'stale_exchange_rate' as exception_code,
    'warn' as severity,
    'ecb' as source_system,
    'exchange_rate' as record_type,
    currency_code || '/' || conversion_date as record_id,
    'Amounts in ' || currency_code || ' of ' || conversion_date || ' are converted at the rate of '
    || min(base_rate_date) || ', ' || case
        when due_rate_date is null then 'and no rate is known of any day in the week before.'
        else 'though ' || due_rate_date || ' was a business day.'
    end as message,
    'Read the reference rates again (SOURCES__ECB__URL, `tieout run --full-refresh`), or bring the seed '
    || 'ecb_reference_rates up to date.' as remedy,
    null::bigint as order_id
from {{ ref('int_reconciliation__exchange_rates_used') }}
where amount_base is distinct from amount_base_due
group by currency_code, conversion_date, due_rate_date
