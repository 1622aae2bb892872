-- What payments in another currency settled, in base currency by both ways: what that part of the payment brought at
-- the rate of its day, and what that part of the document was carried at. Parts are cut so that they add up exactly:
-- the last payment takes what is left of the document, the last document what is left of the payment. What a voided
-- payment had settled is taken back by a part below zero.
-- One row per side, payment and document, and one more where it was taken back.
with running as (
    select
        applications.side,
        applications.payment_id,
        applications.document_id,
        applications.is_reversal,
        documents.document_number,
        documents.party_id,
        documents.order_id,
        documents.currency_code,
        documents.base_currency_code,
        greatest(applications.settlement_date, documents.issue_date) as realised_date,
        applications.amount_settled,
        documents.amount_total as document_total,
        documents.amount_base as document_base,
        payments.amount_total as payment_total,
        payments.amount_base as payment_base,
        sum(applications.amount_settled) over (
            partition by applications.side, applications.document_id
            order by
                greatest(applications.settlement_date, documents.issue_date) asc nulls last,
                applications.is_reversal asc,
                applications.payment_id asc
            rows between unbounded preceding and current row
        ) as settled_of_document,
        -- What is taken back of a payment is the part that it brought.
        case when applications.is_reversal then -applications.amount_settled else applications.amount_settled end
            as amount_brought,
        sum(applications.amount_settled) filter (where not applications.is_reversal) over (
            partition by applications.side, applications.payment_id
            order by applications.document_id asc
            range between unbounded preceding and current row
        ) as settled_of_payment
    from {{ ref('int_posting__foreign_applications') }} as applications
    inner join {{ ref('int_posting__foreign_documents') }} as documents
        on
            applications.side = documents.side
            and applications.document_id = documents.document_id
    inner join {{ ref('int_posting__foreign_payments') }} as payments
        on
            applications.side = payments.side
            and applications.payment_id = payments.payment_id
            and payments.amount_total <> 0
),

brought as (
    select
        *,
        {{ money(share_of('payment_base', 'settled_of_payment', 'payment_total'), 'base_currency_code', or_null=true) }}
        - {{ money(
            share_of('payment_base', '(settled_of_payment - amount_brought)', 'payment_total'), 'base_currency_code',
            or_null=true
        ) }} as amount_base_brought
    from running
)

select
    side,
    payment_id,
    document_id,
    is_reversal,
    document_number,
    party_id,
    order_id,
    currency_code,
    base_currency_code,
    realised_date,
    min(realised_date) over (partition by side, payment_id, document_id) as first_realised_date,
    amount_settled,
    {{ money(share_of('document_base', 'settled_of_document', 'document_total'), 'base_currency_code', or_null=true) }}
    - {{ money(
        share_of('document_base', '(settled_of_document - amount_settled)', 'document_total'), 'base_currency_code',
        or_null=true
    ) }} as amount_base_carried,
    case when is_reversal then -amount_base_brought else amount_base_brought end as amount_base_paid
from brought
