-- Issued invoices and bills in another currency than the books', with their base amount at the rate of their day; and
-- those voided since, whose settlements stay in the journal with what took them back.
-- One row per side and document; without a reference rate the base amount is null.
with voided as (
    {% for document_type in ['invoice', 'bill'] %}
        {%- set side = document_side(document_type) %}
        select
            '{{ side.direction }}' as side,
            voided.document_id,
            records.{{ side.number }} as document_number,
            records.{{ side.party }}_id as party_id,
            records.order_id,
            voided.document_date as issue_date,
            records.currency_code,
            records.amount_total
        from {{ ref('int_posting__voided_documents') }} as voided
        inner join {{ ref(side.table) }} as records
            on
                voided.document_id = records.{{ side.id }}
                and voided.document_type = '{{ document_type }}'
                and voided.is_posted
        {{ 'union all' if not loop.last }}
    {% endfor %}
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
