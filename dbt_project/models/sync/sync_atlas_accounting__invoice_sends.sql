-- Sending the draft invoices of orders, which issues and posts them on the control account of their currency.
-- One row per draft invoice with an order's key.
{{ document_issues('invoice') }}
