-- Rows of the vendor's trial balances.
-- One row per day asked for and account.
select
    trial_balance.as_of_date,
    {{ json_text('item.element', 'account_id') }} as account_id,
    {{ json_text('item.element', 'account_number') }} as account_number,
    {{ json_text('item.element', 'name') }} as account_name,
    lower({{ json_text('item.element', 'account_type') }}) as account_type,
    {{ json_text('item.element', 'currency') }} as currency_code,
    coalesce({{ json_decimal('item.element', 'debit') }}, 0) as debit,
    coalesce({{ json_decimal('item.element', 'credit') }}, 0) as credit,
    {{ json_decimal('item.element', 'balance') }} as balance
from {{ ref('stg_atlas_accounting__trial_balance') }} as trial_balance
cross join {{ json_elements('trial_balance.accounts') }}
