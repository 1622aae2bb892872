-- What moved in the books since a document went to Atlar: remaining amount, due date, applications, a void.
-- One row per Atlar document that differs. An invoice's remaining amount moves only after the payments that caused it
-- are PAYMENT documents applied to it.
with invoices as (
    select
        documents.document_id as document_id_atlar,
        issued.side,
        issued.document_id,
        issued.document_number,
        issued.order_id,
        issued.currency_code,
        issued.due_date as wanted_date,
        issued.issue_date as rate_date,
        issued.amount_due as wanted_remaining,
        false as wanted_voided,
        null::json as wanted_applied
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    inner join {{ ref('stg_atlar__documents') }} as documents
        on
            documents.provenance_vendor_id
            = case issued.side when 'receivable' then 'INVOICE/' else 'BILL/' end || issued.document_id
),

-- A void says nothing else: the amounts stay as they were.
voided as (
    select
        documents.document_id as document_id_atlar,
        'INVOICE/' || invoices.invoice_id as provenance_id,
        invoices.invoice_number as document_number,
        invoices.order_id
    from {{ ref('stg_atlas_accounting__invoices') }} as invoices
    inner join {{ ref('stg_atlar__documents') }} as documents
        on documents.provenance_vendor_id = 'INVOICE/' || invoices.invoice_id
    where invoices.is_voided

    union all

    select
        documents.document_id as document_id_atlar,
        'BILL/' || bills.bill_id as provenance_id,
        bills.bill_number as document_number,
        bills.order_id
    from {{ ref('stg_atlas_accounting__bills') }} as bills
    inner join {{ ref('stg_atlar__documents') }} as documents
        on documents.provenance_vendor_id = 'BILL/' || bills.bill_id
    where bills.is_voided
),

applications as (
    select
        settlements.side,
        settlements.payment_id,
        settlements.document_id,
        sum(settlements.amount_applied) as amount,
        any_value(payment_documents.document_id) as payment_document_id,
        any_value(invoice_documents.document_id) as invoice_document_id
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('stg_atlar__documents') }} as payment_documents
        on
            payment_documents.provenance_vendor_id
            = case settlements.side when 'receivable' then 'PAYMENT/' else 'PAYMENT_MADE/' end || settlements.payment_id
    left join {{ ref('stg_atlar__documents') }} as invoice_documents
        on
            invoice_documents.provenance_vendor_id
            = case settlements.side when 'receivable' then 'INVOICE/' else 'BILL/' end || settlements.document_id
    group by settlements.side, settlements.payment_id, settlements.document_id
),

links as (
    select
        documents.document_id as payment_document_id,
        {{ json_text('item.element', 'documentId') }} as invoice_document_id,
        {{ json_decimal('item.element', '$.amount.instructedAmount.stringValue') }} as amount
    from {{ ref('stg_atlar__documents') }} as documents
    cross join {{ json_elements('documents.applied_documents') }}
),

-- Applications that Atlar's PAYMENT documents do not show yet.
unlinked as (
    select applications.*
    from applications
    left join links
        on
            applications.payment_document_id = links.payment_document_id
            and applications.invoice_document_id = links.invoice_document_id
            and applications.amount = links.amount
    where links.invoice_document_id is null
),

payments as (
    select
        documents.document_id as document_id_atlar,
        payments.side,
        payments.payment_id as document_id,
        coalesce(payments.reference_number, payments.payment_id) as document_number,
        null::bigint as order_id,
        payments.currency_code,
        payments.payment_date as wanted_date,
        payments.payment_date as rate_date,
        payments.amount - coalesce(sum(applications.amount), 0) as wanted_remaining,
        false as wanted_voided,
        to_json(coalesce(
            list(
                json_object(
                    'documentId', applications.invoice_document_id,
                    'amount', {{ atlar_amounts(
                        'applications.amount',
                        'payments.currency_code',
                        amount_in_base('applications.amount', 'payments.currency_code', 'documents.base_currency_code'),
                        'documents.base_currency_code'
                    ) }}
                ) order by applications.document_id
            ) filter (where applications.invoice_document_id is not null),
            []
        )) as wanted_applied,
        count(*) filter (
            where applications.invoice_document_id is not null and unlinked.payment_id is not null
        ) > 0 as has_new_links
    from {{ ref('int_reconciliation__payments') }} as payments
    inner join {{ ref('stg_atlar__documents') }} as documents
        on
            documents.provenance_vendor_id
            = case payments.side when 'receivable' then 'PAYMENT/' else 'PAYMENT_MADE/' end || payments.payment_id
    left join applications
        on
            payments.side = applications.side
            and payments.payment_id = applications.payment_id
    left join unlinked
        on
            applications.side = unlinked.side
            and applications.payment_id = unlinked.payment_id
            and applications.document_id = unlinked.document_id
    {{ join_reference_rates('payments.currency_code', 'documents.base_currency_code', 'payments.payment_date') }}
    group by
        documents.document_id,
        payments.side,
        payments.payment_id,
        payments.reference_number,
        payments.currency_code,
        payments.payment_date,
        payments.amount
),

wanted as (
    select
        invoices.*,
        false as has_new_links
    from invoices
    where
        not exists (
            select 1 from unlinked
            where unlinked.side = invoices.side and unlinked.document_id = invoices.document_id
        )
    union all
    select * from payments
),

moved as (
    select
        wanted.*,
        documents.etag,
        documents.document_type,
        documents.base_currency_code,
        documents.remaining_amount_instructed,
        documents.remaining_amount_base,
        documents.document_date,
        documents.is_voided,
        documents.applied_documents,
        documents.provenance_vendor_id,
        {{ amount_in_base('wanted.wanted_remaining', 'wanted.currency_code', 'documents.base_currency_code') }}
            as wanted_remaining_base
    from wanted
    inner join {{ ref('stg_atlar__documents') }} as documents
        on wanted.document_id_atlar = documents.document_id
    {{ join_reference_rates('wanted.currency_code', 'documents.base_currency_code', 'wanted.rate_date') }}
    where
        documents.remaining_amount_instructed is distinct from wanted.wanted_remaining
        or documents.document_date is distinct from wanted.wanted_date
        or documents.is_voided
        or wanted.has_new_links
)

select
    moved.provenance_vendor_id as sync_key,
    'update' as operation,
    case moved.document_type when 'PAYMENT' then 'payment ' else 'document ' end
    || coalesce(moved.document_number, moved.document_id) as record_label,
    moved.order_id,
    moved.document_id_atlar as destination_id,
    moved.etag as expected_version,
    moved.wanted_remaining::decimal(20, 4) as amount,
    moved.currency_code,
    json_merge_patch(
        json_object(
            'remainingAmount', {{ atlar_amounts(
                'moved.wanted_remaining', 'moved.currency_code', 'moved.wanted_remaining_base', 'moved.base_currency_code'
            ) }},
            'date', moved.wanted_date::varchar,
            'voided', moved.wanted_voided
        ),
        case
            when moved.has_new_links then json_object('appliedDocuments', moved.wanted_applied)
            else '{}'::json
        end
    )::varchar as payload,
    json_merge_patch(
        json_object(
            'date', moved.document_date::varchar,
            'voided', moved.is_voided
        ),
        case
            when moved.remaining_amount_instructed is null then '{}'::json
            else json_object('remainingAmount', {{ atlar_amounts(
                'moved.remaining_amount_instructed',
                'moved.currency_code',
                'moved.remaining_amount_base',
                'moved.base_currency_code'
            ) }})
        end,
        case
            when moved.has_new_links then json_object('appliedDocuments', moved.applied_documents)
            else '{}'::json
        end
    )::varchar as current_values
from moved
where moved.wanted_remaining_base is not null

union all

select
    voided.provenance_id as sync_key,
    'update' as operation,
    'document ' || coalesce(voided.document_number, voided.provenance_id) as record_label,
    voided.order_id,
    documents.document_id as destination_id,
    documents.etag as expected_version,
    documents.amount_instructed::decimal(20, 4) as amount,
    documents.currency_code,
    json_object('voided', true)::varchar as payload,
    json_object('voided', documents.is_voided)::varchar as current_values
from voided
inner join {{ ref('stg_atlar__documents') }} as documents
    on voided.document_id_atlar = documents.document_id
where not documents.is_voided
