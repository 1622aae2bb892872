-- Monetary items in another currency at a month's end: open documents, money received or paid that no document had
-- taken up, and bank balances. What is open, what it is carried at in base currency, and what it is worth at that day's
-- rate.
-- One row per month end, side and document, payment or bank account.
with open_documents as (
    select
        months.month_end_date,
        months.period,
        months.event,
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
            and not documents.is_voided
    left join {{ ref('int_posting__foreign_settlements') }} as settlements
        on
            documents.side = settlements.side
            and documents.document_id = settlements.document_id
            and months.month_end_date >= settlements.realised_date
    group by
        months.month_end_date, months.period, months.event, documents.side, documents.document_id,
        documents.document_number, documents.party_id, documents.currency_code, documents.base_currency_code,
        documents.amount_total, documents.amount_base
    having documents.amount_total <> coalesce(sum(settlements.amount_settled), 0)
),

open_credits as (
    select
        months.month_end_date,
        months.period,
        months.event,
        payments.side || '_credit' as side,
        payments.payment_id as document_id,
        payments.reference_number as document_number,
        payments.party_id,
        payments.currency_code,
        payments.base_currency_code,
        payments.amount_total - coalesce(sum(settlements.amount_settled), 0) as amount_open,
        payments.amount_base - coalesce(sum(settlements.amount_base_paid), 0) as amount_base_carried
    from {{ ref('int_posting__month_ends') }} as months
    inner join {{ ref('int_posting__foreign_payments') }} as payments
        on
            months.event = 'revaluation_credits'
            and months.month_end_date >= payments.payment_date
            and months.month_end_date < coalesce(payments.reversal_date, months.month_end_date + 1)
    left join {{ ref('int_posting__foreign_settlements') }} as settlements
        on
            payments.side = settlements.side
            and payments.payment_id = settlements.payment_id
            and months.month_end_date >= settlements.realised_date
    group by
        months.month_end_date, months.period, months.event, payments.side, payments.payment_id,
        payments.reference_number, payments.party_id, payments.currency_code, payments.base_currency_code,
        payments.amount_total, payments.amount_base
    having payments.amount_total <> coalesce(sum(settlements.amount_settled), 0)
),

bank_balances as (
    select
        months.month_end_date,
        months.period,
        months.event,
        'bank' as side,
        movements.gl_account as document_id,
        min(movements.account_name) as document_number,
        null::varchar as party_id,
        movements.currency_code,
        movements.base_currency_code,
        sum(movements.amount) as amount_open,
        case when count(movements.amount_base) = count(*) then sum(movements.amount_base) end as amount_base_carried
    from {{ ref('int_posting__month_ends') }} as months
    inner join {{ ref('int_posting__foreign_bank_movements') }} as movements
        on
            months.event = 'revaluation_bank'
            and months.month_end_date >= movements.entry_date
    group by
        months.month_end_date, months.period, months.event, movements.gl_account, movements.currency_code,
        movements.base_currency_code
    -- An account emptied at other rates than it was filled at still carries the difference in base currency.
    having sum(movements.amount) <> 0 or coalesce(sum(movements.amount_base), 0) <> 0
),

items as (
    select * from open_documents
    union all
    select * from open_credits
    union all
    select * from bank_balances
)

select
    'atlas_accounting:revaluation:' || items.period || ':' || items.side || ':' || items.currency_code
        as journal_entry_id,
    items.*,
    document_rates.rate_date,
    document_rates.units_per_eur,
    {{ amount_in_base('items.amount_open', 'items.currency_code', 'items.base_currency_code') }} as amount_base_revalued
from items
{{ join_reference_rates('items.currency_code', 'items.base_currency_code', 'items.month_end_date') }}
