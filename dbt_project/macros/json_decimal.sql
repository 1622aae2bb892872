{# One member of a JSON value as an exact decimal: from its text, never by way of a float. #}
{% macro json_decimal(expression, path) -%}
    {{ json_text(expression, path) }}::decimal(38, 10)
{%- endmacro %}
