-- Payments received and made in one shape, in the currency of the account the money moved on.
-- One row per side and payment.
with payments as (
    select
        'receivable' as side,
        payment_id,
        customer_id as party_id,
        payment_date,
        amount,
        currency_code,
        deposit_account_id as account_id,
        reference_number,
        created_at
    from {{ ref('stg_atlas_accounting__payments') }}
    where coalesce(payment_status, '') not in ('voided', 'draft')

    union all

    select
        'payable' as side,
        payment_made_id as payment_id,
        vendor_id as party_id,
        payment_date,
        amount,
        currency_code,
        payment_account_id as account_id,
        reference_number,
        created_at
    from {{ ref('stg_atlas_accounting__payments_made') }}
    where coalesce(payment_status, '') not in ('voided', 'draft')
)

select
    payments.side,
    payments.payment_id,
    payments.party_id,
    coalesce(parties.party_code, payments.party_id) as party_code,
    parties.party_name,
    payments.payment_date,
    coalesce(
        payments.currency_code, accounts.currency_code, parties.currency_code, parameters.base_currency_code
    ) as currency_code,
    payments.amount,
    payments.reference_number,
    -- An offset by agreement moves no money: its account is a clearing account.
    coalesce(payments.reference_number like 'atlas_etrm:netting:%', false) as is_netting,
    payments.created_at
from payments
left join {{ ref('stg_atlas_accounting__accounts') }} as accounts on payments.account_id = accounts.account_id
left join {{ ref('int_reconciliation__parties') }} as parties
    on payments.side = parties.side and payments.party_id = parties.party_id
cross join {{ ref('stg_operations__run_parameters') }} as parameters
