{# A model as a table, made in one statement: DuckDB replaces a table as a whole or not at all.

   dbt's own way (build beside, rename, rename, drop) asks DuckDB four more things for each model, and dbt's work
   around a statement costs more than a small model's SQL.
   The contract: the columns of the query must be those of the model's `columns`, by name and type, and their
   constraints stand in the table, so that a null where none may be stops that model by name. The order of the
   columns is the query's own. #}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {%- if config.get('contract').enforced -%}
            create or replace table {{ target_relation }} ({{ contracted_columns(sql) }});
            {{ described(target_relation) }}
            {#- What stands before this mark makes the table, what follows fills it: tieout/partial.py does them apart. #}
            -- rows
            insert into {{ target_relation }} ({{ sql }})
        {%- else -%}
            create or replace table {{ target_relation }} as ({{ sql }})
        {%- endif -%}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# What a table and its columns mean, kept in the file itself: whoever opens it without the documentation reads it there
   (`select column_name, comment from duckdb_columns()`). Only where the model asks for it by `persist_docs`. #}
{% macro described(relation) -%}
    {%- set wanted = config.get('persist_docs', {}) -%}
    {%- set comments = [] -%}
    {%- if wanted.get('relation') and model.description -%}
        {%- do comments.append('comment on table ' ~ relation ~ ' is ' ~ quoted_text(model.description)) -%}
    {%- endif -%}
    {%- if wanted.get('columns') -%}
        {%- for column in model.columns.values() if column.description -%}
            {%- set name = relation ~ '.' ~ adapter.quote(column.name) -%}
            {%- do comments.append('comment on column ' ~ name ~ ' is ' ~ quoted_text(column.description)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(comments | map('string') | join(';\n') ~ (';' if comments else '')) }}
{%- endmacro %}

{% macro quoted_text(text) -%}
    {{ return(dbt.string_literal(dbt.escape_single_quotes(text | trim))) }}
{%- endmacro %}

{# The columns of a query as its model declares them, in the query's order; where they differ, dbt's own comparison
   says how. #}
{% macro contracted_columns(sql) -%}
    {%- set declared = {} -%}
    {%- for column in model.columns.values() -%}
        {%- do declared.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {%- set found = adapter.get_column_schema_from_query(sql) -%}
    {%- set ordered = {} -%}
    {%- set differing = [] -%}
    {%- for column in found -%}
        {%- set said = declared.get(column.name | lower) -%}
        {%- if said and canonical_type(said.data_type) == canonical_type(column.dtype) -%}
            {%- do ordered.update({said.name: said}) -%}
        {%- else -%}
            {%- do differing.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if differing or ordered | length != declared | length -%}
        {%- do assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {{ return(adapter.render_raw_columns_constraints(raw_columns=ordered) | join(', ')) }}
{%- endmacro %}

{# A type's name in one spelling: DuckDB tells `DECIMAL(20,4)` and `TIMESTAMP WITH TIME ZONE`. #}
{% macro canonical_type(name) -%}
    {{ return((name or '') | lower | replace(' ', '') | replace('timestampwithtimezone', 'timestamptz')) }}
{%- endmacro %}
