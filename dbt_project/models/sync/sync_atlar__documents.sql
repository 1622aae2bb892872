-- Open invoices and bills as INVOICE documents of Atlar, those below zero as CREDIT_MEMO, in their own and in base
-- currency at the rate of their issue.
-- One row per issued document with something open that Atlar lacks, once its GL entity and accounts are there. Without
-- a reference rate it waits, and stands in `fct_exceptions`.
with documents as (
    select
        issued.*,
        case issued.side when 'receivable' then 'INVOICE/' else 'BILL/' end || issued.document_id as provenance_id,
        coalesce(invoices.created_at, bills.created_at, issued.issue_date::timestamptz) as created_at,
        gl_entities.gl_entity_id,
        parameters.base_currency_code
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    cross join {{ ref('stg_atlas_accounting__companies') }} as companies
    inner join {{ ref('stg_atlar__gl_entities') }} as gl_entities
        on companies.company_id = gl_entities.external_id
    left join {{ ref('stg_atlas_accounting__invoices') }} as invoices
        on issued.document_id = invoices.invoice_id
    left join {{ ref('stg_atlas_accounting__bills') }} as bills
        on issued.document_id = bills.bill_id
    where issued.amount_due <> 0
),

lacking as (
    select
        documents.*,
        documents.amount_total < 0 as is_credit,
        {{ amount_in_base('abs(documents.amount_due)', 'documents.currency_code', 'documents.base_currency_code') }}
            as due_base,
        {{ atlar_amounts_with_rate(
            'abs(documents.amount_total)',
            'documents.currency_code',
            amount_in_base('abs(documents.amount_total)', 'documents.currency_code', 'documents.base_currency_code'),
            'documents.base_currency_code'
        ) }} as amounts
    from documents
    left join {{ ref('stg_atlar__documents') }} as there
        on documents.provenance_id = there.provenance_vendor_id
    {{ join_reference_rates('documents.currency_code', 'documents.base_currency_code', 'documents.issue_date') }}
    where there.document_id is null
),

gl_entries as (
    select
        entries.document_id,
        count(*) filter (where gl_accounts.gl_account_id is null) as missing_account_count,
        to_json(list(
            json_object(
                'glAccountId', gl_accounts.gl_account_id,
                'vendorId', entries.document_id || '/' || entries.entry_number,
                'type', upper(entries.entry_side),
                'amount', {{ atlar_amounts(
                    'entries.amount', 'lacking.currency_code', 'entries.amount_base', 'lacking.base_currency_code'
                ) }}
            ) order by entries.entry_number
        )) as gl_entries
    from lacking
    inner join {{ ref('int_write_back__document_entries') }} as entries
        on
            lacking.side = entries.side
            and lacking.document_id = entries.document_id
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
),

order_references as (
    select
        orders.order_id,
        json_merge_patch(
            json_object(
                'orderId', orders.order_id::varchar,
                'erpCode',
                coalesce(orders.erp_code, nullif(concat_ws('+', orders.invoice_number, orders.bill_number), '')),
                'contractCode', orders.contract_code
            ),
            coalesce(order_dimensions.dimensions, '{}'::json)
        ) as named_references
    from {{ ref('fct_orders') }} as orders
    left join order_dimensions
        on orders.order_id = order_dimensions.order_id
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
        'type', case when lacking.is_credit then 'CREDIT_MEMO' else 'INVOICE' end,
        'amount', lacking.amounts,
        'remainingAmount', {{ atlar_amounts(
            'abs(lacking.amount_due)', 'lacking.currency_code', 'lacking.due_base', 'lacking.base_currency_code'
        ) }},
        'date', case when lacking.is_credit then lacking.issue_date else lacking.due_date end::varchar,
        'issueDate', lacking.issue_date::varchar,
        'description',
        case
            when lacking.is_credit and lacking.side = 'receivable' then 'Credit to customer '
            when lacking.is_credit then 'Credit from vendor '
            when lacking.side = 'receivable' then 'Customer invoice '
            else 'Vendor bill '
        end
        || coalesce(lacking.document_number, lacking.document_id),
        'reference', coalesce(lacking.document_number, lacking.document_id),
        -- Merged into an empty object, what is not known is left out.
        'references', json_merge_patch(
            '{}'::json,
            json_object('vendorBillNumber', lacking.vendor_bill_number),
            coalesce(order_references.named_references, '{}'::json)
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
        'vendorCreated', strftime(lacking.created_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')
    )::varchar as payload,
    null::varchar as current_values
from lacking
inner join gl_entries
    on lacking.document_id = gl_entries.document_id
left join order_references
    on lacking.order_id = order_references.order_id
where
    lacking.due_base is not null
    and gl_entries.missing_account_count = 0
