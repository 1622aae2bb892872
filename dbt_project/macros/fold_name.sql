{# A legal name without what people type differently: case, and spaces around or repeated inside it. #}
{% macro fold_name(column) -%}
    nullif(lower(regexp_replace(trim({{ column }}), '\s+', ' ', 'g')), '')
{%- endmacro %}
