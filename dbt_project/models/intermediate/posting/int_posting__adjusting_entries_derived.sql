-- Entries without a document, as our rules derive them: accruals and what else is posted by a journal entry.
-- One row per journal line.
{{ union_posting_models([
    'int_posting__accruals',
    'int_posting__accrual_reversals',
]) }}
