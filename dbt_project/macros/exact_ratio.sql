{# A ratio of two decimals, rounded half away from zero to some places, without passing through a float.

   numerator, denominator: DECIMAL with at most four places, and below 10^24 apart from them; places: up to four.
   Null where the denominator is null or zero. DuckDB's `/` gives DOUBLE, and `//` on HUGEINT cuts off towards zero. #}
{% macro exact_ratio(numerator, denominator, places) -%}
    {%- set over = 'cast(' ~ numerator ~ ' as decimal(38, 4))' -%}
    {%- set under = 'cast(' ~ denominator ~ ' as decimal(38, 4))' -%}
    case
        when {{ denominator }} <> 0
            then cast(
                sign({{ over }}) * sign({{ under }}) * cast(
                    (
                        2 * {{ 10 ** places }} * {{ as_ten_thousandths('abs(' ~ over ~ ')') }}
                        + {{ as_ten_thousandths('abs(' ~ under ~ ')') }}
                    )
                    // (2 * {{ as_ten_thousandths('abs(' ~ under ~ ')') }})
                    as decimal(38, 0)
                )
                * cast({{ '0.' ~ '0' * (places - 1) ~ '1' }} as decimal(5, {{ places }}))
                as decimal(20, {{ places }})
            )
    end
{%- endmacro %}

{# A DECIMAL(38, 4) as a whole number of ten-thousandths. #}
{% macro as_ten_thousandths(expression) -%}
    cast(replace(cast({{ expression }} as varchar), '.', '') as hugeint)
{%- endmacro %}
