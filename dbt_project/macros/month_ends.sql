{# The last days of all months from one day to another, both included, beside the row that names them, to be cross
   joined: `month.end_date`. Where the second day lies before the first month's end there is none. #}
{% macro month_ends(from_date, to_date, alias='month') -%}
    lateral (
        select last_day(cast(series.first_day as date)) as end_date
        from generate_series(
            cast(date_trunc('month', {{ from_date }}) as timestamp),
            cast({{ to_date }} as timestamp),
            interval 1 month
        ) as series (first_day)
        where last_day(cast(series.first_day as date)) <= {{ to_date }}
    ) as {{ alias }}
{%- endmacro %}
