{# Raw tables hold versions: every one of them with the span in which it was the latest known (DESIGN section 2).

   relation: a raw table. key: a column name or a list of them. time_zone: expression of the company's zone.
   `known_from` and `known_to` are instants, `known_to` exclusive and null for the version known at present; a tombstone
   ends the version before it and is no row. `known_from_date` and `known_to_date` are the days in the company's zone:
   a version is what was known at the end of a day from the one to the day before the other. One superseded on the day
   it came (the two dates are equal) was the state of no day's end.
   A version with an amount that no money can keep is none (macros/amounts_in_range.sql).
   `qualify` is not every engine's: this file is the one place to change for another. #}
{% macro record_versions(relation, key, time_zone) -%}
    {%- set keys = [key] if key is string else key -%}
    select
        versions.*,
        {{ company_date('versions.known_from', time_zone) }} as known_from_date,
        {{ company_date('versions.known_to', time_zone) }} as known_to_date
    from (
        select
            *,
            _landed_at as known_from,
            lead(_landed_at) over (
                partition by {{ keys | join(", ") }}
                order by _landed_at asc nulls first, _landing_file asc nulls first
            ) as known_to
        from {{ relation }}
        where {{ amounts_in_range(relation) }}
        qualify not coalesce(_is_deleted, false)
    ) as versions
{%- endmacro %}

{# The day of an instant in the company's time zone. #}
{% macro company_date(instant, time_zone) -%}
    cast(timezone({{ time_zone }}, {{ instant }}) as date)
{%- endmacro %}

{# Whether a version is the one to read: the one known at the end of a day, or at present where no day is given. #}
{% macro is_known(relation, known_on=none) -%}
    {%- if known_on is none -%}
    {{ relation }}.known_to is null
    {%- else -%}
        {{ relation }}.known_from_date <= {{ known_on }}
    and ({{ relation }}.known_to_date > {{ known_on }} or {{ relation }}.known_to_date is null)
    {%- endif -%}
{%- endmacro %}

{# The company's time zone, as an expression any model can use. #}
{% macro time_zone() -%}
    (select parameters.time_zone from {{ ref('stg_operations__run_parameters') }} as parameters)
{%- endmacro %}
