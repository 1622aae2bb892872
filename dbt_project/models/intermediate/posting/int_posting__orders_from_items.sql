-- Orders whose entry is what our rules derive: not issued yet, or issued with just these figures; and the revisions of
-- those whose issued document is to be replaced.
-- One row per journal line of such an order side.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['int_posting__order_lines', 'int_posting__order_side_sources']}}) }}
select
    lines.* replace (
        {{ order_entry_id('lines.order_id', 'sources.revision') }} as journal_entry_id,
        sources.revision as revision,
        sources.entry_date as entry_date,
        lines.is_posted and not sources.has_revision as is_posted
    )
from {{ ref('int_posting__order_lines') }} as lines
inner join {{ ref('int_posting__order_side_sources') }} as sources
    on
        lines.order_id = sources.order_id
        and lines.direction = sources.direction
        and (sources.journal_source = 'items' or sources.has_revision)
