{# What the models of returned payments ask alike. #}

{# The payments that a bank names by a reference, for each return: `record_id`, `journal_entry_id`. #}
{% macro payments_named_by_returns() -%}
    select
        amounts.record_id,
        paid.journal_entry_id
    from {{ ref('int_reconciliation__returned_amounts') }} as amounts
    inner join {{ ref('int_reconciliation__payment_references') }} as paid
        on amounts.end_to_end_id = paid.reference

    union

    select
        amounts.record_id,
        paid.journal_entry_id
    from {{ ref('int_reconciliation__returned_amounts') }} as amounts
    inner join {{ ref('int_reconciliation__payment_references') }} as paid
        on amounts.instruction_id = paid.reference
{%- endmacro %}

{# The documents that each payment settled: `journal_entry_id`, `document_number`. #}
{% macro documents_settled_by_payments() -%}
    select distinct
        {{ payment_entry_id('settlements.side', 'settlements.payment_id') }} as journal_entry_id,
        coalesce(issued.document_number, settlements.document_id) as document_number
    from {{ ref('int_reconciliation__settlements') }} as settlements
    left join {{ ref('int_reconciliation__issued_documents') }} as issued
        on
            settlements.side = issued.side
            and settlements.document_id = issued.document_id
{%- endmacro %}
