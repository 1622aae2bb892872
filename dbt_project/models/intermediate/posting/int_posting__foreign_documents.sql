-- Issued invoices and bills in another currency than the books', with their base amount at the rate of their day; and
-- those voided since, whose settlements stay in the journal with what took them back.
-- One row per side and document; without a reference rate the base amount is null.
with voided as (
    select
        'receivable' as side,
        invoices.invoice_id as document_id,
        invoices.invoice_number as document_number,
        invoices.customer_id as party_id,
        invoices.order_id,
        voided.document_date as issue_date,
        invoices.currency_code,
        invoices.amount_total
    from {{ ref('int_posting__voided_documents') }} as voided
    inner join {{ ref('stg_atlas_accounting__invoices') }} as invoices
        on
            voided.document_id = invoices.invoice_id
            and voided.document_type = 'invoice'
            and voided.is_posted

    union all

    select
        'payable' as side,
        bills.bill_id as document_id,
        bills.bill_number as document_number,
        bills.vendor_id as party_id,
        bills.order_id,
        voided.document_date as issue_date,
        bills.currency_code,
        bills.amount_total
    from {{ ref('int_posting__voided_documents') }} as voided
    inner join {{ ref('stg_atlas_accounting__bills') }} as bills
        on
            voided.document_id = bills.bill_id
            and voided.document_type = 'bill'
            and voided.is_posted
),

documents as (
    select
        side,
        document_id,
        document_number,
        party_id,
        order_id,
        issue_date,
        currency_code,
        amount_total,
        false as is_voided
    from {{ ref('int_reconciliation__issued_documents') }}

    union all

    select
        voided.side,
        voided.document_id,
        voided.document_number,
        voided.party_id,
        voided.order_id,
        voided.issue_date,
        coalesce(voided.currency_code, parties.currency_code) as currency_code,
        voided.amount_total,
        true as is_voided
    from voided
    left join {{ ref('int_reconciliation__parties') }} as parties
        on
            voided.side = parties.side
            and voided.party_id = parties.party_id
)

select
    documents.side,
    documents.document_id,
    documents.document_number,
    documents.party_id,
    documents.order_id,
    documents.issue_date,
    documents.currency_code,
    documents.amount_total,
    documents.is_voided,
    parameters.base_currency_code,
    document_rates.rate_date,
    {{ amount_in_base('documents.amount_total', 'documents.currency_code', 'parameters.base_currency_code') }}
        as amount_base
from documents
cross join {{ ref('stg_operations__run_parameters') }} as parameters
{{ join_reference_rates('documents.currency_code', 'parameters.base_currency_code', 'documents.issue_date') }}
where documents.currency_code <> parameters.base_currency_code and documents.amount_total <> 0
