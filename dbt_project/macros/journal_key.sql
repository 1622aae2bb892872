{# Our journal id at the beginning of a text, as `sync_atlas_accounting__journal_entries` writes it; else null. #}
{% macro journal_key(column) -%}
    nullif(regexp_extract({{ column }}, '^((?:atlas_etrm|atlas_accounting|atlar):[a-z_]+:\S+)', 1), '')
{%- endmacro %}
