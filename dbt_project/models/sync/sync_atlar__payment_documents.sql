-- Accounting payments as PAYMENT documents of Atlar, with a BANK entry, applied to the invoices that Atlar has.
-- One row per payment that Atlar lacks and that settles one of its documents or has an unapplied rest; it waits for
-- the invoices that are still on their way there, and without a reference rate it stands in `fct_exceptions`.
with payments as (
    select
        payments.*,
        case payments.side when 'receivable' then 'PAYMENT/' else 'PAYMENT_MADE/' end || payments.payment_id
            as provenance_id,
        coalesce(received.deposit_account_id, made.payment_account_id) as bank_account_id,
        gl_entities.gl_entity_id,
        parameters.base_currency_code
    from {{ ref('int_reconciliation__payments') }} as payments
    left join {{ ref('stg_atlas_accounting__payments') }} as received
        on payments.payment_id = received.payment_id
    left join {{ ref('stg_atlas_accounting__payments_made') }} as made
        on payments.payment_id = made.payment_made_id
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    cross join {{ ref('stg_atlas_accounting__companies') }} as companies
    inner join {{ ref('stg_atlar__gl_entities') }} as gl_entities
        on companies.company_id = gl_entities.external_id
),

lacking as (
    select
        payments.*,
        document_rates.units_per_eur as document_rate,
        base_rates.units_per_eur as base_rate,
        {{ amount_in_base('payments.amount', 'payments.currency_code', 'payments.base_currency_code') }} as amount_base,
        {{ atlar_amounts_with_rate(
            'payments.amount',
            'payments.currency_code',
            amount_in_base('payments.amount', 'payments.currency_code', 'payments.base_currency_code'),
            'payments.base_currency_code'
        ) }} as amounts
    from payments
    left join {{ ref('stg_atlar__documents') }} as there
        on payments.provenance_id = there.provenance_vendor_id
    {{ join_reference_rates('payments.currency_code', 'payments.base_currency_code', 'payments.payment_date') }}
    where there.document_id is null and not payments.is_netting
),

applied as (
    select
        lacking.provenance_id,
        sum(applications.amount_applied) as amount_applied,
        count(*) filter (where applications.document_id_atlar is not null) as linked_count,
        count(*) filter (where applications.document_id_atlar is null and applications.is_document_open)
            as awaited_count,
        to_json(coalesce(
            list(
                json_object(
                    'documentId', applications.document_id_atlar,
                    'amount', {{ atlar_amounts(
                        'applications.amount_applied',
                        'lacking.currency_code',
                        amount_in_base(
                            'applications.amount_applied',
                            'lacking.currency_code',
                            'lacking.base_currency_code',
                            'lacking.document_rate',
                            'lacking.base_rate'
                        ),
                        'lacking.base_currency_code'
                    ) }}
                ) order by applications.document_id
            ) filter (where applications.document_id_atlar is not null),
            []
        )) as applied_documents
    from lacking
    inner join {{ ref('int_write_back__payment_applications') }} as applications
        on
            lacking.side = applications.side
            and lacking.payment_id = applications.payment_id
    group by lacking.provenance_id
),

control_accounts as (
    select
        controls.control,
        controls.currency_code,
        min(accounts.account_id) as account_id
    from {{ ref('int_posting__control_accounts') }} as controls
    inner join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on controls.account_number = accounts.account_number
    where controls.control in ('receivables', 'payables')
    group by controls.control, controls.currency_code
)

select
    lacking.provenance_id as sync_key,
    'create' as operation,
    'payment ' || coalesce(lacking.reference_number, lacking.payment_id) as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    lacking.amount::decimal(20, 4) as amount,
    lacking.currency_code,
    json_object(
        'glEntityId', lacking.gl_entity_id,
        'type', 'PAYMENT',
        'amount', lacking.amounts,
        -- What of the payment no document takes up yet (contracts/atlar.md, section 9.3, rule 7: the seed's meaning).
        'remainingAmount', {{ atlar_amounts(
            '(lacking.amount - coalesce(applied.amount_applied, 0))',
            'lacking.currency_code',
            amount_in_base(
                '(lacking.amount - coalesce(applied.amount_applied, 0))',
                'lacking.currency_code',
                'lacking.base_currency_code',
                'lacking.document_rate',
                'lacking.base_rate'
            ),
            'lacking.base_currency_code'
        ) }},
        'date', lacking.payment_date::varchar,
        'description',
        case lacking.side when 'receivable' then 'Payment received from ' else 'Payment made to ' end
        || coalesce(lacking.party_name, lacking.party_code),
        'reference', left(coalesce(lacking.reference_number, lacking.payment_id), 255),
        'references', '{}'::json,
        'counterparty', json_object(
            'name', coalesce(lacking.party_name, lacking.party_code),
            'type', case lacking.side when 'receivable' then 'CUSTOMER' else 'VENDOR' end,
            'erpId', lacking.party_code
        ),
        'voided', false,
        'reconciliationStatus', 'OPEN',
        'glEntries', json_array(
            json_object(
                'glAccountId', bank.gl_account_id,
                'vendorId', lacking.payment_id || '/bank',
                'type', case lacking.side when 'receivable' then 'DEBIT' else 'CREDIT' end,
                'amount', {{ atlar_amounts(
                    'lacking.amount', 'lacking.currency_code', 'lacking.amount_base', 'lacking.base_currency_code'
                ) }}
            ),
            json_object(
                'glAccountId', control.gl_account_id,
                'vendorId', lacking.payment_id || '/control',
                'type', case lacking.side when 'receivable' then 'CREDIT' else 'DEBIT' end,
                'amount', {{ atlar_amounts(
                    'lacking.amount', 'lacking.currency_code', 'lacking.amount_base', 'lacking.base_currency_code'
                ) }}
            )
        ),
        'appliedDocuments', coalesce(applied.applied_documents, '[]'::json),
        'provenance', json_object('vendorId', lacking.provenance_id),
        'vendorCreated', strftime(
            coalesce(lacking.created_at, lacking.payment_date::timestamptz) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ'
        )
    )::varchar as payload,
    null::varchar as current_values
from lacking
left join applied
    on lacking.provenance_id = applied.provenance_id
inner join control_accounts
    on
        lacking.currency_code = control_accounts.currency_code
        and control_accounts.control = case lacking.side when 'receivable' then 'receivables' else 'payables' end
inner join {{ ref('stg_atlar__gl_accounts') }} as bank
    on
        lacking.bank_account_id = bank.external_id
        and bank.gl_account_type = 'BANK'
inner join {{ ref('stg_atlar__gl_accounts') }} as control
    on control_accounts.account_id = control.external_id
where
    lacking.amount_base is not null
    and coalesce(applied.awaited_count, 0) = 0
    and (coalesce(applied.linked_count, 0) > 0 or lacking.amount > coalesce(applied.amount_applied, 0))
