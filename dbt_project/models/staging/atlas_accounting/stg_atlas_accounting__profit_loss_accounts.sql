-- Rows of the vendor's profit and loss statements.
-- One row per period asked for, section and row.
select
    report.period_start_date,
    report.period_end_date,
    item.position as row_number,
    'revenue' as section,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'amount') }}, {{ json_decimal('item.element', 'balance') }}) as amount
from {{ ref('stg_atlas_accounting__profit_loss') }} as report
cross join {{ json_elements('report.revenue') }}

union all

select
    report.period_start_date,
    report.period_end_date,
    item.position as row_number,
    'expense' as section,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'amount') }}, {{ json_decimal('item.element', 'balance') }}) as amount
from {{ ref('stg_atlas_accounting__profit_loss') }} as report
cross join {{ json_elements('report.expenses') }}
