{# The id under which a journal entry that stands for a side of an order goes among documents. #}
{% macro order_entry_document_id(entry_id, side) -%}
    {{ entry_id }} || case {{ side }} when 'receivable' then '.AR' else '.AP' end
{%- endmacro %}

{# A raw table of documents (`invoices`, `bills`) with the journal entries that stand for one, under its own columns.
   What an entry does not have is null, and so is what only an entry has. #}
{% macro with_order_entries(table) -%}
    {%- set side = document_side('invoice' if table == 'invoices' else 'bill') -%}
    (
        select *
        from {{ source('raw_atlas_accounting', table) }}
        where {{ amounts_in_range(source('raw_atlas_accounting', table)) }}

        union all by name

        select
            document_id as id,
            company_id,
            document_number as {{ side.number }},
            party_id as {{ side.party }}_id,
            document_date as {{ side.date }},
            due_date,
            currency,
            document_status as status,
            total_amount,
            -- The books apply nothing to an entry.
            0 as amount_paid,
            total_amount as amount_due,
            journal_key as notes,
            lines,
            journal_entry_id_atlas_accounting,
            reversal_date,
            is_reversed_by_us,
            created_at,
            updated_at,
            _landed_at,
            _landing_file,
            _is_deleted
        from {{ ref('stg_atlas_accounting__order_entries') }}
        where side = '{{ side.direction }}'
    )
{%- endmacro %}
