-- Guards fct_journal_entry_lines: a held order is journalled from its issued document or not at all. A pending line
-- of a held order's own entry would be sent to the books. What follows from a document that stands (VAT in a discount,
-- VAT under reverse charge) is no entry of the order, and due whatever holds the order.
select lines.journal_entry_id
from {{ ref('fct_journal_entry_lines') }} as lines
inner join {{ ref('fct_orders') }} as orders
    on lines.order_id = orders.order_id
where
    orders.is_held
    and lines.posting_status = 'pending'
    and lines.journal_entry_id like 'atlas_etrm:order:%'
