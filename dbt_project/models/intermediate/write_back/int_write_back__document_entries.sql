-- The ledger entries of issued invoices and bills with something open, in their own and in base currency at the last
-- reference rate of the day of issue: the control account against the document's own lines. Amounts are not below zero:
-- what a document takes off (a credit, a deduction) stands on the other side.
-- One row per side, document and entry; entry 0 is the control account's.
with documents as (
    select
        issued.side,
        issued.document_id,
        issued.currency_code,
        issued.amount_total,
        parameters.base_currency_code,
        document_rates.units_per_eur as document_rate,
        base_rates.units_per_eur as base_rate,
        {{ amount_in_base('issued.amount_total', 'issued.currency_code', 'parameters.base_currency_code') }}
            as total_base
    from {{ ref('int_reconciliation__issued_documents') }} as issued
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    {{ join_reference_rates('issued.currency_code', 'parameters.base_currency_code', 'issued.issue_date') }}
    where issued.amount_due <> 0
),

lines as (
    select
        'receivable' as side,
        invoice_id as document_id,
        line_number,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__invoice_lines') }}

    union all

    select
        'payable' as side,
        bill_id as document_id,
        line_number,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__bill_lines') }}
),

converted as (
    select
        documents.side,
        documents.document_id,
        lines.line_number,
        lines.account_id,
        lines.amount,
        documents.total_base,
        {{ amount_in_base(
            'lines.amount',
            'documents.currency_code',
            'documents.base_currency_code',
            'documents.document_rate',
            'documents.base_rate'
        ) }} as amount_base,
        row_number() over (
            partition by documents.side, documents.document_id order by lines.amount desc, lines.line_number asc
        ) as size_rank
    from documents
    inner join lines
        on
            documents.side = lines.side
            and documents.document_id = lines.document_id
),

entries as (
    select
        documents.side,
        documents.document_id,
        0 as entry_number,
        accounts.account_id,
        documents.side = 'receivable' as is_debit,
        documents.amount_total as amount,
        documents.total_base as amount_base
    from documents
    inner join {{ ref('int_posting__control_accounts') }} as controls
        on
            documents.currency_code = controls.currency_code
            and controls.control = case documents.side when 'receivable' then 'receivables' else 'payables' end
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on controls.account_number = accounts.account_number

    union all

    select
        side,
        document_id,
        line_number as entry_number,
        account_id,
        side = 'payable' as is_debit,
        amount,
        -- What rounding leaves over goes to the largest line, so that both sides are equal in base currency too.
        amount_base
        + case
            when size_rank = 1 then total_base - sum(amount_base) over (partition by side, document_id)
            else 0
        end as amount_base
    from converted
)

select
    side,
    document_id,
    entry_number,
    account_id,
    case when is_debit = (amount >= 0) then 'debit' else 'credit' end as entry_side,
    abs(amount) as amount,
    abs(amount_base) as amount_base
from entries
