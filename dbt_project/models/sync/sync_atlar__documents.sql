-- Open invoices and bills as INVOICE documents of Atlar, in their own and in base currency at the rate of their issue.
-- One row per issued document with something open that Atlar lacks, once its GL entity and accounts are there. Without
-- a reference rate it waits, and stands in `fct_exceptions`.
with documents as (
    select
        documents.*,
        case documents.side when 'receivable' then 'INVOICE/' else 'BILL/' end || documents.document_id as provenance_id,
        coalesce(invoices.created_at, bills.created_at) as created_at,
        gl_entities.gl_entity_id,
        coalesce(gl_entities.currency_code, parameters.base_currency_code) as base_currency_code
    from {{ ref('int_reconciliation__issued_documents') }} as documents
    left join {{ ref('stg_atlas_accounting__invoices') }} as invoices
        on documents.document_id = invoices.invoice_id
    left join {{ ref('stg_atlas_accounting__bills') }} as bills
        on documents.document_id = bills.bill_id
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    cross join {{ ref('stg_atlas_accounting__companies') }} as companies
    inner join {{ ref('stg_atlar__gl_entities') }} as gl_entities
        on companies.company_id = gl_entities.external_id
    where documents.amount_due <> 0
),

lacking as (
    select
        documents.*,
        {{ amount_in_base('documents.amount_total', 'documents.currency_code', 'documents.base_currency_code') }}
            as total_base,
        {{ amount_in_base('documents.amount_due', 'documents.currency_code', 'documents.base_currency_code') }}
            as due_base,
        {{ atlar_amounts_with_rate(
            'documents.amount_total',
            'documents.currency_code',
            amount_in_base('documents.amount_total', 'documents.currency_code', 'documents.base_currency_code'),
            'documents.base_currency_code'
        ) }} as amounts,
        document_rates.units_per_eur as document_rate,
        base_rates.units_per_eur as base_rate
    from documents
    {{ join_reference_rates('documents.currency_code', 'documents.base_currency_code', 'documents.issue_date') }}
    where
        documents.provenance_id not in (
            select provenance_vendor_id from {{ ref('stg_atlar__documents') }}
            where provenance_vendor_id is not null
        )
),

control_lines as (
    select
        lacking.document_id,
        0 as line_number,
        accounts.account_id,
        case lacking.side when 'receivable' then 'DEBIT' else 'CREDIT' end as entry_type,
        lacking.amount_total as amount,
        lacking.total_base as amount_base
    from lacking
    inner join {{ ref('int_posting__control_accounts') }} as controls
        on
            lacking.currency_code = controls.currency_code
            and controls.control = case lacking.side when 'receivable' then 'receivables' else 'payables' end
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on controls.account_number = accounts.account_number
),

document_lines as (
    select
        invoice_id as document_id,
        line_number,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__invoice_lines') }}

    union all

    select
        bill_id as document_id,
        line_number,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__bill_lines') }}
),

-- Each line at the document's rate; what rounding leaves over goes to the largest, so that both sides are equal.
converted_lines as (
    select
        lacking.document_id,
        document_lines.line_number,
        document_lines.account_id,
        case lacking.side when 'receivable' then 'CREDIT' else 'DEBIT' end as entry_type,
        document_lines.amount,
        lacking.total_base,
        {{ amount_in_base('document_lines.amount', 'lacking.currency_code', 'lacking.base_currency_code', 'lacking.document_rate', 'lacking.base_rate') }} as amount_base,
        row_number() over (
            partition by lacking.document_id order by document_lines.amount desc, document_lines.line_number asc
        ) as size_rank
    from lacking
    inner join document_lines
        on lacking.document_id = document_lines.document_id
),

entries as (
    select * from control_lines
    union all
    select
        document_id,
        line_number,
        account_id,
        entry_type,
        amount,
        amount_base
        + case
            when size_rank = 1 then total_base - sum(amount_base) over (partition by document_id)
            else 0
        end as amount_base
    from converted_lines
),

gl_entries as (
    select
        entries.document_id,
        count(*) filter (where gl_accounts.gl_account_id is null) as missing_account_count,
        to_json(list(
            json_object(
                'glAccountId', gl_accounts.gl_account_id,
                'vendorId', entries.document_id || '/' || entries.line_number,
                'type', entries.entry_type,
                'amount', {{ atlar_amounts(
                    'entries.amount',
                    'lacking.currency_code',
                    'entries.amount_base',
                    'lacking.base_currency_code'
                ) }}
            ) order by entries.line_number
        )) as gl_entries
    from entries
    inner join lacking
        on entries.document_id = lacking.document_id
    left join {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
        on entries.account_id = gl_accounts.external_id
    group by entries.document_id
),

order_dimensions as (
    select
        order_id,
        any_value(dimensions) as dimensions
    from {{ ref('fct_journal_entry_lines') }}
    where order_id is not null and source_system = 'atlas_etrm'
    group by order_id
)

select
    lacking.provenance_id as sync_key,
    'create' as operation,
    'document ' || coalesce(lacking.document_number, lacking.document_id) as record_label,
    lacking.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    lacking.amount_total::decimal(20, 4) as amount,
    lacking.currency_code,
    json_object(
        'glEntityId', lacking.gl_entity_id,
        'type', 'INVOICE',
        'amount', lacking.amounts,
        'remainingAmount', {{ atlar_amounts(
            'lacking.amount_due', 'lacking.currency_code', 'lacking.due_base', 'lacking.base_currency_code'
        ) }},
        'date', lacking.due_date::varchar,
        'issueDate', lacking.issue_date::varchar,
        'description',
        case lacking.side when 'receivable' then 'Customer invoice ' else 'Vendor bill ' end
        || coalesce(lacking.document_number, lacking.document_id),
        'reference', coalesce(lacking.document_number, lacking.document_id),
        'references', json_merge_patch(
            '{}'::json,
            json_object(
                'orderId', orders.order_id::varchar,
                'erpCode', coalesce(
                    orders.erp_code,
                    case
                        when orders.order_id is not null
                            then concat_ws('+', orders.invoice_number, orders.bill_number)
                    end
                ),
                'contractCode', orders.contract_code,
                'vendorBillNumber', lacking.vendor_bill_number
            ),
            coalesce(order_dimensions.dimensions, '{}'::json)
        ),
        'counterparty', json_object(
            'name', coalesce(lacking.party_name, lacking.party_code),
            'type', case lacking.side when 'receivable' then 'CUSTOMER' else 'VENDOR' end,
            'erpId', lacking.party_code
        ),
        'voided', false,
        'reconciliationStatus', 'OPEN',
        'glEntries', gl_entries.gl_entries,
        'appliedDocuments', '[]'::json,
        'provenance', json_object('vendorId', lacking.provenance_id),
        'vendorCreated', strftime(
            coalesce(lacking.created_at, lacking.issue_date::timestamptz) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ'
        )
    )::varchar as payload,
    null::varchar as current_values
from lacking
inner join gl_entries
    on lacking.document_id = gl_entries.document_id
left join {{ ref('fct_orders') }} as orders
    on lacking.order_id = orders.order_id
left join order_dimensions
    on lacking.order_id = order_dimensions.order_id
where
    lacking.total_base is not null
    and gl_entries.missing_account_count = 0
