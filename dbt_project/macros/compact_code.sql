{# A code that people write in groups (IBAN, BIC): without spaces, in upper case; blank is no value. #}
{% macro compact_code(column) -%}
    nullif(upper(regexp_replace({{ column }}, '\s', '', 'g')), '')
{%- endmacro %}
