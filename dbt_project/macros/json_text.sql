{# The text of one member of a JSON value, a number keeping the digits it was written with.
   `path` is a member name, or a JSONPath from the root such as `$.amount.currency`. Null where it is absent. #}
{% macro json_text(expression, path) -%}
    ({{ expression }}::json ->> '{{ path }}')
{%- endmacro %}
