{# Drafts of a type (`invoice`, `bill`) that carry an order's key and are to be issued, as rows of a sync. #}
{% macro document_issues(document_type) %}
    {%- set side = document_side(document_type) %}
select
    'order:' || orders.order_id || ':' || drafts.{{ side.id }} as sync_key,
    '{{ side.issue }}' as operation,
    '{{ document_type }} ' || coalesce(drafts.{{ side.number }}, drafts.{{ side.id }}) || ' of order ' || orders.order_id
        as record_label,
    orders.order_id,
    drafts.{{ side.id }} as destination_id,
    null::varchar as expected_version,
    drafts.amount_total::decimal(20, 4) as amount,
    drafts.currency_code,
    json_object('{{ side.control_account }}', accounts.account_id)::varchar as payload,
    json_object('{{ side.control_account }}', null)::varchar as current_values
from {{ ref('fct_orders') }} as orders
inner join {{ ref(side.table) }} as drafts
    on orders.{{ side.id }} = drafts.{{ side.id }}
inner join {{ ref('int_posting__control_accounts') }} as controls
    on
        coalesce(drafts.currency_code, orders.currency_code) = controls.currency_code
        and controls.control = '{{ side.control }}'
inner join {{ ref('int_write_back__numbered_accounts') }} as accounts
    on controls.account_number = accounts.account_number
where
    drafts.order_id = orders.order_id
    and drafts.journal_entry_id_atlas_accounting is null
    and drafts.{{ side.status }} = 'draft'
    and not orders.is_held
    and not orders.is_correction_due
    and orders.status_role in ('ready', 'processed', 'settled')
    and drafts.amount_total = orders.gross_{{ side.direction }}
{%- endmacro %}
