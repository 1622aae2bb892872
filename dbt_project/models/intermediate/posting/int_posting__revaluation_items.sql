-- Documents in another currency that were open at a month's end: what is open, what it is carried at in base currency,
-- and what it is worth at that day's rate.
-- One row per month end, side and document.
with open_documents as (
    select
        months.month_end_date,
        months.period,
        documents.side,
        documents.document_id,
        documents.document_number,
        documents.party_id,
        documents.currency_code,
        documents.base_currency_code,
        documents.amount_total - coalesce(sum(settlements.amount_settled), 0) as amount_open,
        documents.amount_base - coalesce(sum(settlements.amount_base_carried), 0) as amount_base_carried
    from {{ ref('int_posting__month_ends') }} as months
    inner join {{ ref('int_posting__foreign_documents') }} as documents
        on
            months.event = 'revaluation'
            and months.month_end_date >= documents.issue_date
    left join {{ ref('int_posting__foreign_settlements') }} as settlements
        on
            documents.side = settlements.side
            and documents.document_id = settlements.document_id
            and months.month_end_date >= settlements.realised_date
    group by
        months.month_end_date, months.period, documents.side, documents.document_id, documents.document_number,
        documents.party_id, documents.currency_code, documents.base_currency_code, documents.amount_total,
        documents.amount_base
    having documents.amount_total <> coalesce(sum(settlements.amount_settled), 0)
)

select
    'atlas_accounting:revaluation:' || open_documents.period || ':' || open_documents.side || ':'
    || open_documents.currency_code as journal_entry_id,
    open_documents.*,
    document_rates.rate_date,
    document_rates.units_per_eur,
    {{ amount_in_base(
        'open_documents.amount_open', 'open_documents.currency_code', 'open_documents.base_currency_code'
    ) }} as amount_base_revalued
from open_documents
{{ join_reference_rates(
    'open_documents.currency_code', 'open_documents.base_currency_code', 'open_documents.month_end_date'
) }}
