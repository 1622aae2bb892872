{# First day of the fiscal year a day lies in, from the number of the year's first month. #}
{% macro fiscal_year_start(day, first_month) -%}
    cast(
        date_trunc('month', {{ day }})
        - ((cast(extract('month' from {{ day }}) as integer) - {{ first_month }} + 12) % 12) * interval '1 month'
        as date
    )
{%- endmacro %}

{# The number of the fiscal year's first month from what the vendor writes: a number, a name, a date or `MM-DD`.
   January where it says nothing that can be read. #}
{% macro fiscal_first_month(text) -%}
    coalesce(
        case when try_cast({{ text }} as integer) between 1 and 12 then try_cast({{ text }} as integer) end,
        cast(extract('month' from try_cast({{ text }} as date)) as integer),
        try_cast(nullif(regexp_extract({{ text }}, '^([0-9]{1,2})-[0-9]{1,2}$', 1), '') as integer),
        cast(nullif(
            list_position(
                ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
                lower(substr({{ text }}, 1, 3))
            ), 0
        ) as integer),
        1
    )
{%- endmacro %}
