{# Money as the marts show it: DECIMAL(20,4), rounded half away from zero to the currency's ISO 4217 minor unit.

   The lists hold the currencies whose minor unit is not the usual two places; the data test
   `assert_money_macro_knows_every_minor_unit` holds them against the seed `currencies`. They are spelled out
   because DuckDB rounds a DECIMAL only to a constant number of places.
   An amount that does not fit stops the build; with `or_null` it is null, for models that report it themselves.
   Amounts as vendors give them do fit: records beyond are not staged (macros/amounts_in_range.sql). Many of them added
   up need not: sums over records are of `width` 38. #}
{% macro money(expression, currency_code=none, or_null=false, width=20) -%}
    {%- set cast = 'try_cast' if or_null else 'cast' -%}
    {%- if currency_code is none -%}
    {{ cast }}(round({{ expression }}, 2) as decimal({{ width }}, 4))
    {%- else -%}
    case
        when {{ currency_code }} in ({{ currencies_of_minor_units(0) }})
            then {{ cast }}(round({{ expression }}, 0) as decimal({{ width }}, 4))
        when {{ currency_code }} in ({{ currencies_of_minor_units(3) }})
            then {{ cast }}(round({{ expression }}, 3) as decimal({{ width }}, 4))
        when {{ currency_code }} in ({{ currencies_of_minor_units(4) }})
            then {{ cast }}(round({{ expression }}, 4) as decimal({{ width }}, 4))
        else {{ cast }}(round({{ expression }}, 2) as decimal({{ width }}, 4))
    end
    {%- endif -%}
{%- endmacro %}

{# The largest amount that money is kept in, of one record or line. #}
{% macro most_money() -%}
    9999999999999999.9999
{%- endmacro %}

{# The currencies with 0, 3 or 4 decimal places, as a list of SQL literals. #}
{% macro currencies_of_minor_units(places) -%}
    {%- set currencies = {
        0: [
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
            'XAF', 'XOF', 'XPF',
        ],
        3: ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'],
        4: ['CLF', 'UYW'],
    } -%}
    '{{ currencies[places] | join("', '") }}'
{%- endmacro %}

{# A quotient of two decimals to six places, cut off, without passing through a float (`/` gives DOUBLE in DuckDB).

   numerator: DECIMAL below 10^26, at most ten places are used. denominator: DECIMAL above zero, at most six places are
   used. Cutting off after six places and rounding half up to a minor unit afterwards equals rounding the exact quotient.
   The whole part and the places are scaled apart: scaled as one decimal, amounts of 18 digits would have no room. #}
{% macro exact_quotient(numerator, denominator) -%}
    {%- set exact = 'cast(' ~ numerator ~ ' as decimal(38, 10))' -%}
    cast(
        (
            (
                cast(trunc({{ exact }}) as hugeint) * 10000000000
                + cast(({{ exact }} - trunc({{ exact }})) * 10000000000 as hugeint)
            ) * 100
            // cast(cast({{ denominator }} as decimal(38, 6)) * 1000000 as hugeint)
        ) as decimal(38, 0)
    ) * 0.000001
{%- endmacro %}
