-- Orders whose entry is what our rules derive: not issued yet, or issued with just these figures.
-- One row per journal line of such an order side.
select lines.*
from {{ ref('int_posting__order_lines') }} as lines
inner join {{ ref('int_posting__order_side_sources') }} as sources
    on
        lines.order_id = sources.order_id
        and lines.direction = sources.direction
        and sources.journal_source = 'items'
