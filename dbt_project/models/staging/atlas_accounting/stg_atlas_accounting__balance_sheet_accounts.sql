-- Rows of the vendor's balance sheets.
-- One row per day asked for, section and row.
select
    report.as_of_date,
    item.position as row_number,
    'asset' as section,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'amount') }}, {{ json_decimal('item.element', 'balance') }}) as amount
from {{ ref('stg_atlas_accounting__balance_sheet') }} as report
cross join {{ json_elements('report.assets') }}

union all

select
    report.as_of_date,
    item.position as row_number,
    'liability' as section,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'amount') }}, {{ json_decimal('item.element', 'balance') }}) as amount
from {{ ref('stg_atlas_accounting__balance_sheet') }} as report
cross join {{ json_elements('report.liabilities') }}

union all

select
    report.as_of_date,
    item.position as row_number,
    'equity' as section,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'amount') }}, {{ json_decimal('item.element', 'balance') }}) as amount
from {{ ref('stg_atlas_accounting__balance_sheet') }} as report
cross join {{ json_elements('report.equity') }}
