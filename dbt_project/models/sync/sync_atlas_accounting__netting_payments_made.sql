-- The payable side of an offset by agreement: a payment made from the clearing account, applied to its bills.
-- One row per offset that is due.
select
    'netting:' || items.reference_number as sync_key,
    'create' as operation,
    'offset ' || items.agreement_id || ' of ' || items.due_date || ', payable side' as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    max(items.amount_of_offset)::decimal(20, 4) as amount,
    items.currency_code,
    json_object(
        'vendor_id', items.party_id,
        'payment_date', items.netting_date::varchar,
        'amount', {{ minor_unit_text('max(items.amount_of_offset)', 'items.currency_code') }},
        'payment_method', 'other',
        'payment_account_id', max(clearing_accounts.account_id),
        'ap_account_id', max(payable_accounts.account_id),
        'reference_number', items.reference_number,
        'notes', 'Offset by agreement ' || items.agreement_id || ', due ' || items.due_date,
        'applications', to_json(list(
            json_object(
                'bill_id', items.document_id,
                'amount_applied', {{ minor_unit_text('items.amount_offset', 'items.currency_code') }}
            ) order by items.issue_date, items.document_id
        ))
    )::varchar as payload,
    null::varchar as current_values
from {{ ref('int_posting__netting_items') }} as items
inner join {{ ref('int_posting__control_accounts') }} as clearing
    on
        items.currency_code = clearing.currency_code
        and clearing.control = 'netting_clearing'
inner join {{ ref('int_write_back__numbered_accounts') }} as clearing_accounts
    on clearing.account_number = clearing_accounts.account_number
inner join {{ ref('int_posting__control_accounts') }} as payables
    on
        items.currency_code = payables.currency_code
        and payables.control = 'payables'
inner join {{ ref('int_write_back__numbered_accounts') }} as payable_accounts
    on payables.account_number = payable_accounts.account_number
where items.side = 'payable'
group by
    items.reference_number, items.agreement_id, items.due_date, items.party_id, items.netting_date, items.currency_code
