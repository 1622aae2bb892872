{# The draft documents of a type (`invoice`, `bill`) that orders are due, as rows of a sync. #}
{% macro document_creations(document_type) %}
    {%- set side = document_side(document_type) %}
with due as (
    select
        orders.*,
        sources.revision as document_revision,
        sources.entry_date as next_document_date,
        {{ order_entry_id('orders.order_id', 'sources.revision') }} as document_key
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('int_posting__order_side_sources') }} as sources
        on orders.order_id = sources.order_id
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    where
        sources.direction = '{{ side.direction }}'
        and sources.is_document_due
        -- An erpCode says that the order was booked; only a correction makes another document.
        and (orders.erp_code is null or sources.revision > 1)
        and parameters.posting_mode = 'documents'
),

lines as (
    select
        lines.order_id,
        sum(lines.amount) as amount,
        count(*) filter (where accounts.account_id is null) as unknown_account_count,
        to_json(list(
            json_object(
                'description', left(coalesce(lines.description, due.order_name, 'Order ' || due.order_id), 255),
                'quantity', 1,
                'unit_price', {{ minor_unit_text('lines.amount', 'lines.currency_code') }},
                '{{ side.line_account }}', accounts.account_id
            ) order by lines.line_number
        )) as lines
    from {{ ref('fct_journal_entry_lines') }} as lines
    inner join due
        on lines.order_id = due.order_id
    left join {{ ref('int_write_back__numbered_accounts') }} as accounts
        on lines.gl_account = accounts.account_number
    where
        lines.journal_entry_id = due.document_key
        and lines.posting_status = 'pending'
        and lines.direction = '{{ side.direction }}'
        and lines.entry_side = '{{ side.line_side }}'
        and lines.line_type in ('{{ side.line_types | join("', '") }}')
    group by lines.order_id
)

select
    'order:' || orders.order_id
    || case when orders.document_revision > 1 then ':r' || orders.document_revision else '' end as sync_key,
    'create' as operation,
    '{{ document_type }} of order ' || orders.order_id
    || case when orders.document_revision > 1 then ', revision ' || orders.document_revision else '' end
    || coalesce(' (' || orders.order_name || ')', '') as record_label,
    orders.order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    lines.amount::decimal(20, 4) as amount,
    orders.currency_code,
    json_merge_patch(
        '{}'::json,
        json_object(
            '{{ side.party }}_id', parties.{{ side.party }}_id_atlas_accounting,
            '{{ side.date }}', orders.next_document_date::varchar,
            'due_date', orders.due_date::varchar,
            {% if document_type == 'bill' -%}
            -- The supplier's own number where ATLAS ETRM knows it; a self-billed bill goes by ours.
            'vendor_bill_number',
            case orders.document_type_atlas_etrm
                when 'self_invoice' then 'SB-' || orders.order_id
                else left(orders.document_reference, 50)
            end,
            {% endif -%}
            'currency', orders.currency_code,
            'lines', lines.lines,
            'notes', orders.document_key
        )
    )::varchar as payload,
    null::varchar as current_values
from due as orders
inner join lines
    on orders.order_id = lines.order_id
inner join {{ ref('dim_counterparties') }} as parties
    on orders.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
where
    parties.{{ side.party }}_id_atlas_accounting is not null
    -- What the journal puts on the control account is what the document must come to, to the cent.
    and lines.amount = orders.gross_{{ side.direction }}
    and lines.unknown_account_count = 0
{%- endmacro %}
