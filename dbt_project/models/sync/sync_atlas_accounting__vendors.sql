-- The vendors that an order with Passive lines needs and the books lack: named as in ATLAS ETRM, with VAT number.
-- One row per counterparty.
{{ missing_parties('bill') }}
