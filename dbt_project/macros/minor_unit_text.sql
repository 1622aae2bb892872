{# Money as a vendor's decimal string: with exactly the decimal places of the currency, never in exponent form. #}
{% macro minor_unit_text(expression, currency_code) -%}
    case
        when {{ currency_code }} in ({{ currencies_of_minor_units(0) }})
            then cast(cast(round({{ expression }}, 0) as decimal(38, 0)) as varchar)
        when {{ currency_code }} in ({{ currencies_of_minor_units(3) }})
            then cast(cast(round({{ expression }}, 3) as decimal(38, 3)) as varchar)
        when {{ currency_code }} in ({{ currencies_of_minor_units(4) }})
            then cast(cast(round({{ expression }}, 4) as decimal(38, 4)) as varchar)
        else cast(cast(round({{ expression }}, 2) as decimal(38, 2)) as varchar)
    end
{%- endmacro %}
