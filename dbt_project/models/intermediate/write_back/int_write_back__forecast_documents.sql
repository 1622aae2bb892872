-- Issued invoices and bills as the cash forecast knows them, with nothing due on what was voided.
-- One row per document.
select
    side,
    document_id,
    document_number,
    party_code,
    party_name,
    order_id,
    issue_date,
    due_date,
    currency_code,
    amount_total,
    amount_due,
    false as is_voided
from {{ ref('int_reconciliation__issued_documents') }}

{% for document_type in ['invoice', 'bill'] %}
    {%- set side = document_side(document_type) %}
    union all

    select
        '{{ side.direction }}' as side,
        {{ side.id }} as document_id,
        {{ side.number }} as document_number,
        null::varchar as party_code,
        null::varchar as party_name,
        order_id,
        {{ side.date }} as issue_date,
        due_date,
        currency_code,
        amount_total,
        0 as amount_due,
        true as is_voided
    from {{ ref(side.table) }}
    where is_voided
{% endfor %}
