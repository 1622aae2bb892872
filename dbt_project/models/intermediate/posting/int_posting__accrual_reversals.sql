-- Accruals taken back on the first day after their month, or on the first open one: the same lines, sides exchanged.
-- One row per journal line of a reversal.
select
    accruals.* replace (
        accruals.journal_entry_id || ':reversal' as journal_entry_id,
        'accrual_reversal' as posting_rule,
        accruals.journal_entry_id as reverses_journal_entry_id,
        'accrual_reversal' as source_document_type,
        months.reversal_date as entry_date,
        case accruals.entry_side when 'debit' then 'credit' else 'debit' end as entry_side
    )
from {{ ref('int_posting__accruals') }} as accruals
inner join {{ ref('int_posting__month_ends') }} as months
    on
        accruals.entry_date = months.month_end_date
        and months.event = 'accrual'
where months.is_reversed
