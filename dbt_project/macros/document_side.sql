{# How the two sides of an order differ where they become documents of Atlas Accounting (`invoice`, `bill`): names of
   tables, columns and members, and what puts a draft in the ledger. #}
{% macro document_side(document_type) -%}
{{ return({
    'invoice': {
        'direction': 'receivable', 'table': 'stg_atlas_accounting__invoices', 'id': 'invoice_id',
        'number': 'invoice_number', 'status': 'invoice_status', 'date': 'invoice_date', 'issue': 'send',
        'control': 'receivables', 'control_account': 'ar_account_id', 'line_account': 'revenue_account_id',
        'line_types': ['revenue', 'output_vat', 'rounding'], 'line_side': 'credit', 'party': 'customer',
        'other_parties': 'stg_atlas_accounting__vendors',
    },
    'bill': {
        'direction': 'payable', 'table': 'stg_atlas_accounting__bills', 'id': 'bill_id',
        'number': 'bill_number', 'status': 'bill_status', 'date': 'bill_date', 'issue': 'approve',
        'control': 'payables', 'control_account': 'ap_account_id', 'line_account': 'expense_account_id',
        'line_types': ['expense', 'input_vat', 'rounding'], 'line_side': 'debit', 'party': 'vendor',
        'other_parties': 'stg_atlas_accounting__customers',
    },
}[document_type]) }}
{%- endmacro %}
