{# Text without its surrounding spaces; an empty string is no value (contract atlas-etrm, section 4.5). #}
{% macro blank_to_null(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}
