{# Records whose amounts no column of money can keep: sixteen digits before the point at most, as in DECIMAL(20, 4).

   Such a record is not staged. Its version before, if there is one, goes on counting (what is posted stays posted, and
   nothing is made a second time), and `stg_<system>__amounts_out_of_range` names it. Read further it would stop the
   build of all books. Settlement lines are not among these: they are held by name (`int_settlement__item_findings`). #}

{# The amounts of a raw table: `columns` of its own, and `nested` JSON that holds some; none where there is no money. #}
{% macro amounts_of(relation) -%}
    {%- set amounts = {
        'raw_atlas_etrm.invoices': {'columns': ['amount']},
        'raw_atlas_etrm.payments': {'columns': ['amount']},
        'raw_atlas_accounting.invoices': {
            'columns': ['subtotal', 'tax_amount', 'total_amount', 'amount_paid', 'amount_due'], 'nested': ['lines']
        },
        'raw_atlas_accounting.bills': {
            'columns': ['subtotal', 'tax_amount', 'total_amount', 'amount_paid', 'amount_due'], 'nested': ['lines']
        },
        'raw_atlas_accounting.payments': {'columns': ['amount', 'unapplied_amount'], 'nested': ['applications']},
        'raw_atlas_accounting.payments_made': {'columns': ['amount', 'unapplied_amount'], 'nested': ['applications']},
        'raw_atlas_accounting.journal_entries': {'nested': ['lines']},
        'raw_atlar.transactions': {'nested': ['amount', 'instructed_amount']},
        'raw_atlar.pending_transactions': {'nested': ['amount', 'instructed_amount']},
        'raw_atlar.balances': {'nested': ['amount']},
        'raw_atlar.bank_statements': {'columns': ['opening_balance', 'closing_balance', 'entries_amount']},
        'raw_atlar.bank_statement_entries': {'columns': ['amount', 'original_amount', 'charges_amount']},
        'raw_atlar.documents': {'nested': ['amount', 'remaining_amount', 'gl_entries', 'applied_documents']},
        'raw_atlar.accounts_payables': {'nested': ['amount', 'remaining_amount']},
        'raw_atlar.accounts_receivables': {'nested': ['amount', 'remaining_amount']},
        'raw_atlar.forecasted_transactions': {'nested': ['amount']},
        'raw_atlar.credit_transfers': {'nested': ['amount']},
    } -%}
    {#- A query in a table's place has looked already. -#}
    {{ return({} if relation is string else amounts.get(relation.schema ~ '.' ~ relation.identifier, {})) }}
{%- endmacro %}

{# Whether all amounts of a raw record can be kept; true for every record of a table without any. #}
{% macro amounts_in_range(relation) -%}
    {%- set amounts = amounts_of(relation) -%}
    {%- set conditions = [] -%}
    {%- for column in amounts.get('columns', []) -%}
        {%- do conditions.append('coalesce(abs(' ~ column ~ ') <= 9999999999999999.99, true)') -%}
    {%- endfor -%}
    {%- for column in amounts.get('nested', []) -%}
        {#- Members of these names are money (pipelines/records/nested_money.py), as text or as a number. -#}
        {%- do conditions.append(
            "not coalesce(regexp_matches(" ~ column ~ "::varchar, '\"(stringValue|quantity|unit_price|amount"
            ~ "|amount_applied|discount_taken|debit|credit|balance)\"\\s*:\\s*\"?-?0*[1-9][0-9]{16}'), false)"
        ) -%}
    {%- endfor -%}
    {{ (conditions or ['true']) | join('\n        and ') }}
{%- endmacro %}

{# The records of raw tables whose latest version is not staged, one select each.

   tables: raw table to the type of its records and the expression of their id. #}
{% macro amounts_out_of_range(source_name, tables) -%}
    {%- for table, told in tables.items() %}
        select
            '{{ told[0] }}' as record_type,
            {{ told[1] }}::varchar as record_id
        from {{ source(source_name, table) }}
        qualify
            row_number() over (
                partition by {{ told[1] }} order by _landed_at desc nulls last, _landing_file desc nulls last
            ) = 1
            and not coalesce(_is_deleted, false)
            and not ({{ amounts_in_range(source(source_name, table)) }})
        {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
