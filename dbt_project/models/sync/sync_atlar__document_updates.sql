-- What moved in the books since a document went to Atlar: remaining amount, due date, applications, a void.
-- One row per Atlar document that differs.
with moved as (
    select
        states.*,
        documents.document_type,
        documents.etag,
        documents.currency_code,
        documents.base_currency_code,
        documents.amount_instructed,
        documents.remaining_amount_instructed,
        documents.remaining_amount_base,
        documents.document_date,
        documents.is_voided,
        documents.applied_documents,
        -- What has not moved keeps the base amount it was sent with.
        coalesce(documents.remaining_amount_instructed is distinct from states.wanted_remaining, true)
            as has_remaining_moved
    from {{ ref('int_write_back__document_states') }} as states
    inner join {{ ref('stg_atlar__documents') }} as documents
        on states.document_id_atlar = documents.document_id
    where
        states.may_move
        and (
            documents.remaining_amount_instructed is distinct from states.wanted_remaining
            or documents.document_date is distinct from states.wanted_date
            or documents.is_voided is distinct from states.wanted_voided
            or states.has_new_links
        )
),

converted as (
    select
        moved.*,
        document_rates.units_per_eur as document_rate,
        base_rates.units_per_eur as base_rate,
        case
            when not moved.has_remaining_moved then moved.remaining_amount_base
            else {{ amount_in_base('moved.wanted_remaining', 'moved.currency_code', 'moved.base_currency_code') }}
        end as wanted_remaining_base
    from moved
    {{ join_reference_rates('moved.currency_code', 'moved.base_currency_code', 'moved.rate_date') }}
),

applied as (
    select
        converted.document_id_atlar,
        to_json(list(
            json_object(
                'documentId', applications.document_id_atlar,
                'amount', {{ atlar_amounts(
                    'applications.amount_applied',
                    'converted.currency_code',
                    amount_in_base(
                        'applications.amount_applied',
                        'converted.currency_code',
                        'converted.base_currency_code',
                        'converted.document_rate',
                        'converted.base_rate'
                    ),
                    'converted.base_currency_code'
                ) }}
            ) order by applications.document_id
        )) as applied_documents
    from converted
    inner join {{ ref('int_write_back__payment_applications') }} as applications
        on converted.document_id_atlar = applications.payment_document_id_atlar
    where
        converted.has_new_links
        and applications.document_id_atlar is not null
    group by converted.document_id_atlar
)

select
    converted.provenance_id as sync_key,
    'update' as operation,
    case converted.document_type when 'PAYMENT' then 'payment ' else 'document ' end
    || coalesce(converted.record_number, converted.provenance_id) as record_label,
    converted.order_id,
    converted.document_id_atlar as destination_id,
    converted.etag as expected_version,
    coalesce(converted.wanted_remaining, converted.amount_instructed)::decimal(20, 4) as amount,
    converted.currency_code,
    json_merge_patch(
        json_object('date', converted.wanted_date::varchar, 'voided', converted.wanted_voided),
        case
            when not converted.has_remaining_moved then '{}'::json
            else json_object('remainingAmount', {{ atlar_amounts(
                'converted.wanted_remaining',
                'converted.currency_code',
                'converted.wanted_remaining_base',
                'converted.base_currency_code'
            ) }})
        end,
        case
            when applied.document_id_atlar is null then '{}'::json
            else json_object('appliedDocuments', applied.applied_documents)
        end
    )::varchar as payload,
    json_merge_patch(
        json_object('date', converted.document_date::varchar, 'voided', converted.is_voided),
        case
            when converted.remaining_amount_instructed is null then '{}'::json
            else json_object('remainingAmount', {{ atlar_amounts(
                'converted.remaining_amount_instructed',
                'converted.currency_code',
                'converted.remaining_amount_base',
                'converted.base_currency_code'
            ) }})
        end,
        json_object('appliedDocuments', converted.applied_documents)
    )::varchar as current_values
from converted
left join applied
    on converted.document_id_atlar = applied.document_id_atlar
where not converted.has_remaining_moved or converted.wanted_remaining_base is not null
