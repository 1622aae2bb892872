{# One member of a JSON value as an exact decimal: from its text, never by way of a float. #}
{% macro json_decimal(expression, path) -%}
    {{ json_text(expression, path) }}::decimal(38, 10)
{%- endmacro %}

{# The amount of a document's line: its own, else quantity times price; zero where it has neither or the
   product has no room: what its document's total is beyond the lines is posted as rounding.
   `try` is not every engine's: this file is the one place to change for another. #}
{% macro line_amount(element) -%}
    coalesce(
        {{ json_decimal(element, 'amount') }},
        try(
            ({{ json_decimal(element, 'quantity') }} * {{ json_decimal(element, 'unit_price') }})::decimal(38, 10)
        ),
        0
    )
{%- endmacro %}
