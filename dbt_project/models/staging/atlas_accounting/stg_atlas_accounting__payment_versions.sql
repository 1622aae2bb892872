-- Every version of payments received and made that was landed, in one shape, with the span in which it was the latest
-- known.
-- One row per side, payment and version. Tombstones end the version before them and are no rows.
with received as (
    {{ record_versions(source('raw_atlas_accounting', 'payments'), 'id', time_zone()) }}
),

made as (
    {{ record_versions(source('raw_atlas_accounting', 'payments_made'), 'id', time_zone()) }}
),

payments as (
    select
        'receivable' as side,
        id as payment_id,
        customer_id as party_id,
        payment_date,
        amount,
        currency,
        deposit_account_id as account_id,
        reference_number,
        status,
        applications,
        known_from,
        known_to,
        known_from_date,
        known_to_date
    from received

    union all

    select
        'payable' as side,
        id as payment_id,
        vendor_id as party_id,
        payment_date,
        amount,
        currency,
        payment_account_id as account_id,
        reference_number,
        status,
        applications,
        known_from,
        known_to,
        known_from_date,
        known_to_date
    from made
)

select
    payments.side,
    payments.payment_id,
    payments.party_id,
    payments.payment_date,
    payments.amount,
    payments.account_id,
    coalesce(payments.currency, accounts.currency_code) as payment_currency_code,
    payments.reference_number,
    lower(payments.status) as payment_status,
    lower(coalesce(payments.status, '')) not in ('voided', 'draft') as is_effective,
    payments.applications::json as applications,
    payments.known_from,
    payments.known_to,
    payments.known_from_date,
    payments.known_to_date
from payments
left join {{ ref('stg_atlas_accounting__accounts') }} as accounts on payments.account_id = accounts.account_id
