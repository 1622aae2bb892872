-- The draft invoice of an order's Active side as the journal derives it: net per item, VAT and rounding on own lines.
-- One row per order that is due, whose customer the books have and which has no invoice yet, or none after one that was
-- voided to be corrected.
{{ document_creations('invoice') }}
