{# A payment's reference to compare by: without spaces, in upper case; what banks write where there is none is null. #}
{% macro payment_reference(column) -%}
    nullif(nullif(nullif({{ compact_code(column) }}, 'NOTPROVIDED'), 'NONREF'), 'NOREF')
{%- endmacro %}
