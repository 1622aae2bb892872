-- Invoices that no longer say what their order says, to be voided: the order was changed or taken back after they
-- were made. The revision follows once the void is seen.
-- One row per invoice to void.
{{ document_voids('invoice') }}
