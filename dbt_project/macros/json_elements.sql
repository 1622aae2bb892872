{# The elements of a JSON list beside the row that holds it, to be cross joined: `item.element`, and
   `item.position` from 1. A null or empty list gives no row. #}
{% macro json_elements(list_expression, alias='item') -%}
    unnest({{ list_expression }}::json []) with ordinality as {{ alias }} (element, position)
{%- endmacro %}
