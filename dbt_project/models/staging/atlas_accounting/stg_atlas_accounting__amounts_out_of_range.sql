-- Records whose latest version holds an amount beyond anything money is kept in: that version is not staged, the one
-- before it goes on counting.
-- One row per type and record.
{{ amounts_out_of_range('raw_atlas_accounting', {
    'invoices': ['invoice', 'id'],
    'bills': ['bill', 'id'],
    'payments': ['payment', 'id'],
    'payments_made': ['payment_made', 'id'],
    'journal_entries': ['journal_entry', 'id'],
}) }}
