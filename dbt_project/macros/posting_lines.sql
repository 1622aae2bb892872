{# The columns of every posting model (`intermediate/posting`), one line per journal line, in their order:
   - posting_rule: the business event (docs block `posting_rule`); revision: which posting of it, from 1;
   - rate_date: the day whose reference rate converts the line (null: the entry's day);
   - amount_base: the base amount where the event itself states it (null: converted). #}
{% macro posting_line_columns() -%}
{{ return([
    'journal_entry_id', 'posting_rule', 'revision', 'reverses_journal_entry_id',
    'source_system', 'source_document_type', 'source_document_id', 'entry_date', 'rate_date', 'direction',
    'line_rank', 'line_order', 'line_type', 'gl_account', 'entry_side', 'amount', 'currency_code', 'amount_base',
    'is_posted', 'order_id', 'order_item_id', 'description',
    'counterparty_id_atlas_etrm', 'customer_id', 'vendor_id', 'vat_treatment', 'vat_reason',
]) }}
{%- endmacro %}

{# The models of all business events, whose lines are the journal's. #}
{% macro posting_models() -%}
{{ return([
    'int_posting__orders_from_items',
    'int_posting__orders_from_documents',
    'int_posting__voided_orders',
    'int_posting__documents_without_order',
    'int_posting__reversals',
    'int_posting__payments_received',
    'int_posting__payments_made',
    'int_posting__payment_reversals',
    'int_posting__manual_entries',
    'int_posting__realised_fx',
    'int_posting__adjusting_entries',
]) }}
{%- endmacro %}

{# The lines of several posting models as one: a model that lacks one of the columns is an error, not a null. #}
{%- macro union_posting_models(models) -%}
    {%- set selections = [] -%}
    {%- for model in models -%}
        {%- do selections.append('select ' ~ posting_line_columns() | join(', ') ~ ' from ' ~ ref(model)) -%}
    {%- endfor -%}
    {{ selections | join('\nunion all\n') }}
{%- endmacro %}
