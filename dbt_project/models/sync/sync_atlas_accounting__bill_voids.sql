-- Bills that no longer say what their order says, to be voided: the order was changed or taken back after they
-- were made. The revision follows once the void is seen.
-- One row per bill to void.
{{ document_voids('bill') }}
