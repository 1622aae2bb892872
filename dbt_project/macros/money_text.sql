{# An amount of money for a sentence, with two decimal places: 74400.00. #}
{% macro money_text(expression) -%}
    ({{ expression }})::decimal(20, 2)::varchar
{%- endmacro %}
