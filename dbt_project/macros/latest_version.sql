{# Raw tables hold versions: the newest per key, tombstones left out (DESIGN section 2).

   relation: a raw table. key: a column name or a list of them.
   A version with an amount that no money can keep is passed over (macros/amounts_in_range.sql).
   Two versions landed at one instant are told apart by the name of their landing file.
   `qualify` is not every engine's: this file is the one place to change for another. #}
{% macro latest_version(relation, key) -%}
    {%- set keys = [key] if key is string else key -%}
    select *
    from {{ relation }}
    where {{ amounts_in_range(relation) }}
    qualify
        row_number() over (
            partition by {{ keys | join(", ") }}
            order by _landed_at desc nulls last, _landing_file desc nulls last
        ) = 1
        and not coalesce(_is_deleted, false)
{%- endmacro %}
