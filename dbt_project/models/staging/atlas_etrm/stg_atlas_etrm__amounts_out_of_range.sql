-- Records whose latest version holds an amount beyond anything money is kept in: that version is not staged, the one
-- before it goes on counting. Settlement lines are held by name instead.
-- One row per type and record.
{{ amounts_out_of_range('raw_atlas_etrm', {
    'invoices': ['invoice', 'id'],
    'payments': ['payment', 'id'],
}) }}
