-- The journal: every business event once, as lines that balance to exactly zero per currency and in base currency.
-- One row per journal entry line.
{{ config(meta={'parts': {'by': 'journal_entry_id', 'of': ['int_posting__journal_lines']}}) }}
with lines as (
    select * from {{ ref('int_posting__journal_lines') }}
),

parties as (
    select * from {{ ref('dim_counterparties') }}
),

attributed as (
    select
        lines.*,
        coalesce(by_order.counterparty_id, by_customer.counterparty_id, by_vendor.counterparty_id) as counterparty_id,
        coalesce(
            by_order.counterparty_id_atlas_etrm,
            by_customer.counterparty_id_atlas_etrm,
            by_vendor.counterparty_id_atlas_etrm
        ) as dimension_counterparty_id
    from lines
    left join parties as by_order
        on lines.counterparty_id_atlas_etrm = by_order.counterparty_id_atlas_etrm
    left join parties as by_customer
        on lines.customer_id = by_customer.customer_id_atlas_accounting
    left join parties as by_vendor
        on lines.vendor_id = by_vendor.vendor_id_atlas_accounting
),

entries as (
    select distinct
        journal_entry_id,
        entry_date,
        dimension_counterparty_id
    from attributed
    where dimension_counterparty_id is not null
),

valid_fields as (
    select
        entries.journal_entry_id,
        mapping.dimension,
        fields.field_value
    from entries
    inner join {{ ref('stg_atlas_etrm__counterparty_custom_fields') }} as fields
        on
            entries.dimension_counterparty_id = fields.counterparty_id
            and entries.entry_date >= coalesce(fields.valid_from_date, entries.entry_date)
            and entries.entry_date <= coalesce(fields.valid_to_date, entries.entry_date)
    inner join {{ ref('custom_field_mapping') }} as mapping
        on fields.custom_field_name = mapping.custom_field_name
    -- One value may end on the day the next begins: the later one counts.
    qualify
        row_number() over (
            partition by entries.journal_entry_id, mapping.dimension
            order by fields.valid_from_date desc nulls last, fields.custom_field_id asc
        ) = 1
),

entry_dimensions as (
    select
        journal_entry_id,
        to_json(map_from_entries(list((dimension, field_value) order by dimension))) as dimensions
    from valid_fields
    group by journal_entry_id
),

account_names as (
    select
        account_number,
        min(account_name) as account_name
    from {{ ref('stg_atlas_accounting__accounts') }}
    group by account_number
)

select
    attributed.journal_entry_id,
    attributed.line_number,
    attributed.posting_rule,
    attributed.revision,
    attributed.reverses_journal_entry_id,
    attributed.entry_date,
    attributed.source_system,
    attributed.source_document_type,
    attributed.source_document_id,
    attributed.gl_account,
    account_names.account_name,
    attributed.line_type,
    attributed.entry_side,
    attributed.amount,
    attributed.currency_code,
    attributed.amount_base,
    attributed.base_currency_code,
    attributed.base_rate_date,
    attributed.base_rate,
    attributed.direction,
    case when attributed.is_posted then 'posted' else 'pending' end as posting_status,
    attributed.order_id,
    attributed.order_item_id,
    attributed.counterparty_id,
    attributed.description,
    attributed.vat_treatment,
    attributed.vat_reason,
    entry_dimensions.dimensions
from attributed
left join entry_dimensions
    on attributed.journal_entry_id = entry_dimensions.journal_entry_id
left join account_names
    on attributed.gl_account = account_names.account_number
