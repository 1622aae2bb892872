-- Approving the draft bills of orders, which issues and posts them on the control account of their currency.
-- One row per draft bill with an order's key.
{{ document_issues('bill') }}
