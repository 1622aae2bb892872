{# The id of the journal entry of a payment, received (`receivable`) or made (`payable`). #}
{% macro payment_entry_id(side, payment_id) -%}
    'atlas_accounting:' || case {{ side }} when 'receivable' then 'payment' else 'payment_made' end || ':'
    || {{ payment_id }}
{%- endmacro %}
