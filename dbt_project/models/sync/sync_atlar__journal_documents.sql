-- Posted manual entries of the books as JOURNAL_ENTRY documents of Atlar, own transfers between bank accounts as
-- TRANSFER, in their own and in base currency at the rate of their day. Of what we posted only what
-- moves a bank account; not what stands in a closed period: nothing is open there.
-- One row per entry that Atlar lacks, once its GL accounts are there; one in several currencies stands in
-- `fct_exceptions`.
with manual_lines as (
    select
        entries.*,
        gl_entities.gl_entity_id
    from {{ ref('int_write_back__journal_lines') }} as entries
    cross join {{ ref('int_posting__closed_through') }} as closed
    cross join {{ ref('stg_atlas_accounting__companies') }} as companies
    inner join {{ ref('stg_atlar__gl_entities') }} as gl_entities
        on companies.company_id = gl_entities.external_id
    left join {{ ref('stg_atlar__documents') }} as there
        on 'JOURNAL_ENTRY/' || entries.journal_entry_id = there.provenance_vendor_id
    where
        there.document_id is null
        and not entries.is_in_several_currencies
        and entries.entry_date > coalesce(closed.closed_through_date, '0001-01-01'::date)
),

lacking as (
    select
        manual_lines.journal_entry_id,
        any_value(manual_lines.gl_entity_id) as gl_entity_id,
        any_value(manual_lines.entry_number) as entry_number,
        any_value(manual_lines.entry_date) as entry_date,
        any_value(manual_lines.description) as description,
        any_value(manual_lines.currency_code) as currency_code,
        any_value(manual_lines.base_currency_code) as base_currency_code,
        any_value(manual_lines.created_at) as created_at,
        sum(manual_lines.amount) filter (where manual_lines.entry_side = 'debit') as amount,
        sum(manual_lines.amount_base) filter (where manual_lines.entry_side = 'debit') as amount_base,
        count(*) filter (where manual_lines.amount_base is null) as missing_rate_count,
        count(*) filter (where gl_accounts.gl_account_id is null) as missing_account_count,
        bool_and(manual_lines.is_bank) and count(distinct manual_lines.account_id) > 1 as is_transfer,
        bool_or(manual_lines.is_bank) as has_bank,
        to_json(list(
            json_object(
                'glAccountId', gl_accounts.gl_account_id,
                'vendorId', manual_lines.journal_entry_id || '/' || manual_lines.line_number,
                'type', upper(manual_lines.entry_side),
                'amount', {{ atlar_amounts(
                    'manual_lines.amount',
                    'manual_lines.currency_code',
                    'manual_lines.amount_base',
                    'manual_lines.base_currency_code'
                ) }}
            ) order by manual_lines.line_number
        )) as gl_entries
    from manual_lines
    left join {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
        on manual_lines.account_id = gl_accounts.external_id
    group by manual_lines.journal_entry_id
)

select
    'JOURNAL_ENTRY/' || lacking.journal_entry_id as sync_key,
    'create' as operation,
    case when lacking.is_transfer then 'transfer ' else 'journal entry ' end
    || coalesce(lacking.entry_number, lacking.journal_entry_id) as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    lacking.amount::decimal(20, 4) as amount,
    lacking.currency_code,
    json_merge_patch(
        json_object(
            'glEntityId', lacking.gl_entity_id,
            'type', case when lacking.is_transfer then 'TRANSFER' else 'JOURNAL_ENTRY' end,
            'amount', {{ atlar_amounts_with_rate(
                'lacking.amount', 'lacking.currency_code', 'lacking.amount_base', 'lacking.base_currency_code'
            ) }},
            'date', lacking.entry_date::varchar,
            'description', left(coalesce(lacking.description, 'Journal entry ' || lacking.journal_entry_id), 255),
            'reference', coalesce(lacking.entry_number, lacking.journal_entry_id),
            'references', '{}'::json,
            'voided', false,
            'reconciliationStatus', 'OPEN',
            'glEntries', lacking.gl_entries,
            'appliedDocuments', '[]'::json,
            'provenance', json_object('vendorId', 'JOURNAL_ENTRY/' || lacking.journal_entry_id),
            'vendorCreated', strftime(
                coalesce(lacking.created_at, lacking.entry_date::timestamptz) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ'
            )
        ),
        -- Nobody owes anything by an entry: what is to be matched are its bank lines.
        case
            when lacking.has_bank then '{}'::json
            else json_object('remainingAmount', {{ atlar_amounts(
                '0::decimal(20, 4)', 'lacking.currency_code', '0::decimal(20, 4)', 'lacking.base_currency_code'
            ) }})
        end
    )::varchar as payload,
    null::varchar as current_values
from lacking
{{ join_reference_rates('lacking.currency_code', 'lacking.base_currency_code', 'lacking.entry_date') }}
where
    lacking.missing_account_count = 0
    and lacking.missing_rate_count = 0
    and lacking.amount > 0
    -- Lines that fit and a sum that does not: held by name (`int_write_back__exceptions`).
    and lacking.amount <= {{ most_money() }}
