-- The draft bill of an order's Passive side as the journal derives it: net per item, VAT and rounding on own lines.
-- One row per order that is due, whose vendor the books have and which has no bill yet, or none after one that was
-- voided to be corrected.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'fct_orders',
    'int_posting__order_side_sources',
    'fct_journal_entry_lines',
]}}) }}
{{ document_creations('bill') }}
