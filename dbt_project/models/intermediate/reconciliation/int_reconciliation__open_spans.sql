-- How much was open of each document, and left of each payment, from one day to the next on which that changed: what
-- the month-end history is counted from. A payment counts from its own day, what it settles from the day on which both
-- it and the document are there.
-- One row per side, kind, record and span with something open. Exact and unrounded.
with documents as (
    select
        side,
        document_id,
        party_id,
        party_code,
        party_name,
        currency_code,
        issue_date,
        due_date,
        amount_total,
        coalesce(amount_total < 0, false) as is_credit_note
    from {{ ref('int_reconciliation__issued_documents') }}
),

settlements as (
    select
        settlements.side,
        settlements.payment_id,
        settlements.document_id,
        greatest(settlements.settlement_date, documents.issue_date) as effective_date,
        settlements.amount_settled
    from {{ ref('int_reconciliation__settlements') }} as settlements
    inner join documents
        on settlements.side = documents.side and settlements.document_id = documents.document_id
),

discounts as (
    select
        side,
        payment_id,
        sum(amount_discount) as amount_discount
    from {{ ref('int_reconciliation__settlements') }}
    group by side, payment_id
),

events as (
    select
        side,
        case when is_credit_note then 'credit_note' else 'document' end as kind,
        document_id as record_id,
        issue_date as day,
        case when is_credit_note then -amount_total else amount_total end as amount
    from documents

    union all

    select
        settlements.side,
        case when documents.is_credit_note then 'credit_note' else 'document' end as kind,
        settlements.document_id as record_id,
        settlements.effective_date as day,
        case
            when documents.is_credit_note then settlements.amount_settled else -settlements.amount_settled
        end as amount
    from settlements
    inner join documents on settlements.side = documents.side and settlements.document_id = documents.document_id

    union all

    select
        payments.side,
        'payment' as kind,
        payments.payment_id as record_id,
        payments.payment_date as day,
        payments.amount + coalesce(discounts.amount_discount, 0) as amount
    from {{ ref('int_reconciliation__payments') }} as payments
    left join discounts on payments.side = discounts.side and payments.payment_id = discounts.payment_id

    union all

    select
        side,
        'payment' as kind,
        payment_id as record_id,
        effective_date as day,
        -amount_settled as amount
    from settlements
),

daily as (
    select
        side,
        kind,
        record_id,
        day,
        sum(amount) as amount
    from events
    group by side, kind, record_id, day
),

spans as (
    select
        side,
        kind,
        record_id,
        day as from_date,
        lead(day) over records_by_day as to_date,
        sum(amount) over (
            partition by side, kind, record_id order by day asc nulls last
            rows between unbounded preceding and current row
        ) as amount
    from daily
    window records_by_day as (partition by side, kind, record_id order by day asc nulls last)
)

select
    spans.side,
    spans.kind,
    spans.record_id,
    coalesce(documents.party_id, payments.party_id) as party_id,
    coalesce(documents.party_code, payments.party_code) as party_code,
    coalesce(documents.party_name, payments.party_name) as party_name,
    coalesce(documents.currency_code, payments.currency_code) as currency_code,
    documents.due_date,
    spans.from_date,
    spans.to_date,
    spans.amount
from spans
left join documents
    on
        spans.side = documents.side
        and case when spans.kind <> 'payment' then spans.record_id end = documents.document_id
left join {{ ref('int_reconciliation__payments') }} as payments
    on
        spans.side = payments.side
        and case when spans.kind = 'payment' then spans.record_id end = payments.payment_id
where spans.amount <> 0 and spans.from_date is not null
