-- Entries without a document, each as its own rule gives it: accruals, revaluations, VAT under reverse charge, what
-- takes each of them back, bank charges, the VAT in early-payment discounts, and realised exchange differences.
-- One row per journal line.
{{ union_posting_models([
    'int_posting__accruals',
    'int_posting__accrual_reversals',
    'int_posting__revaluations',
    'int_posting__revaluation_reversals',
    'int_posting__reverse_charge_vat',
    'int_posting__bank_fees',
    'int_posting__discount_vat',
    'int_posting__fx_results',
]) }}
