-- The receivable side of an offset by agreement whose payable side is there: a payment received on the clearing
-- account, of the very amount that was paid from it.
-- One row per offset that lacks it.
select
    'netting:' || nettings.reference_number as sync_key,
    'create' as operation,
    'offset ' || nettings.agreement_id || ' of ' || nettings.due_date || ', receivable side' as record_label,
    null::bigint as order_id,
    null::varchar as destination_id,
    null::varchar as expected_version,
    nettings.amount::decimal(20, 4) as amount,
    nettings.currency_code,
    json_object(
        'customer_id', customers.party_id,
        'payment_date', nettings.payment_date::varchar,
        'amount', {{ minor_unit_text('nettings.amount', 'nettings.currency_code') }},
        'payment_method', 'other',
        'deposit_account_id', clearing_accounts.account_id,
        'ar_account_id', receivable_accounts.account_id,
        'reference_number', nettings.reference_number
    )::varchar as payload,
    null::varchar as current_values
from {{ ref('int_posting__nettings') }} as nettings
inner join {{ ref('int_settlement__party_matches') }} as vendors
    on
        nettings.vendor_id = vendors.party_id
        and vendors.side = 'vendor'
        and not vendors.is_ambiguous
inner join {{ ref('int_settlement__party_matches') }} as customers
    on
        vendors.counterparty_id = customers.counterparty_id
        and customers.side = 'customer'
        and not customers.is_ambiguous
inner join {{ ref('int_posting__control_accounts') }} as clearing
    on
        nettings.currency_code = clearing.currency_code
        and clearing.control = 'netting_clearing'
inner join {{ ref('int_write_back__numbered_accounts') }} as clearing_accounts
    on clearing.account_number = clearing_accounts.account_number
inner join {{ ref('int_posting__control_accounts') }} as receivables
    on
        nettings.currency_code = receivables.currency_code
        and receivables.control = 'receivables'
inner join {{ ref('int_write_back__numbered_accounts') }} as receivable_accounts
    on receivables.account_number = receivable_accounts.account_number
where nettings.payment_id is null
