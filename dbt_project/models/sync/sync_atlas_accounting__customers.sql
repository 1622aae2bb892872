-- The customers that an order with Active lines needs and the books lack: named as in ATLAS ETRM, with VAT number.
-- One row per counterparty.
{{ missing_parties('invoice') }}
