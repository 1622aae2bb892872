{# A function for analysts: a query with parameters, kept in the work file and copied with it when it is published.

   The model holds one query per number of parameters, each ended by a semicolon; `overloads` in its config names the
   parameters of each, in the same order. Called without a schema, as functions are, it stands in the schema that
   every reader has by default. The contract is held against the columns each overload gives.
   DuckDB binds the names in it when it is called, so a table that is built anew needs no care here; other engines
   have functions of their own, and this file is the one place to change. #}
{% materialization table_function, adapter='duckdb' %}
    {%- set overloads = config.require('overloads') -%}
    {%- set queries = [] -%}
    {%- for query in sql.split(';') -%}
        {%- if query.strip() -%}{%- do queries.append(query.strip()) -%}{%- endif -%}
    {%- endfor -%}
    {%- if queries | length != overloads | length -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ' has ' ~ queries | length ~ ' queries for ' ~ overloads | length ~ ' overloads'
        ) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create or replace macro main.{{ model.name }}
        {%- for parameters in overloads %}
        ({{ parameters | join(', ') }}) as table (
            {{ without_database(queries[loop.index0]) }}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endcall %}
    {%- if config.get('contract').enforced -%}
        {%- for parameters in overloads -%}
            {%- set anywhen = ["date '2000-01-01'"] * parameters | length -%}
            {{ get_assert_columns_equivalent(
                'select * from main.' ~ model.name ~ '(' ~ anywhen | join(', ') ~ ')'
            ) }}
        {%- endfor -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{# A query without the name of the work file: the published copy is read under another. #}
{% macro without_database(query) -%}
    {{ query | replace('"' ~ target.database ~ '".', '') }}
{%- endmacro %}
