-- Revaluations taken back on the first day after their month, or on the first open one: the same lines, sides
-- exchanged. What was unrealised is measured anew at the next month's end, or realised by a payment.
-- One row per journal line of a reversal.
with months as (
    select distinct
        month_end_date,
        reversal_date,
        is_reversed
    from {{ ref('int_posting__month_ends') }}
    where event like 'revaluation%'
)

select
    revaluations.* replace (
        revaluations.journal_entry_id || ':reversal' as journal_entry_id,
        'revaluation_reversal' as posting_rule,
        revaluations.journal_entry_id as reverses_journal_entry_id,
        'revaluation_reversal' as source_document_type,
        months.reversal_date as entry_date,
        case revaluations.entry_side when 'debit' then 'credit' else 'debit' end as entry_side
    )
from {{ ref('int_posting__revaluations') }} as revaluations
inner join months
    on revaluations.entry_date = months.month_end_date
where months.is_reversed
