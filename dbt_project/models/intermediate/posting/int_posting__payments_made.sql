-- Payments made: debit trade payables, credit the bank account. One that was voided since stays as it was posted.
-- One row per journal line of a payment.
with payments as (
    select
        payment_made_id,
        vendor_id,
        payment_date,
        amount,
        currency_code,
        payment_account_id,
        reference_number
    from {{ ref('stg_atlas_accounting__payments_made') }}
    where coalesce(payment_status, '') not in ('voided', 'draft')

    union all

    select
        payment_id as payment_made_id,
        party_id as vendor_id,
        payment_date,
        amount,
        currency_code,
        account_id as payment_account_id,
        reference_number
    from {{ ref('int_posting__voided_payments') }}
    where side = 'payable'
),

postings as (
    select
        payments.payment_made_id,
        1 as line_rank,
        'payables' as line_type,
        coalesce(accounts.account_number, 'unknown') as gl_account,
        'debit' as entry_side
    from payments
    left join {{ ref('int_posting__control_accounts') }} as accounts
        on
            payments.currency_code = accounts.currency_code
            and accounts.control = 'payables'

    union all

    select
        payments.payment_made_id,
        2 as line_rank,
        case
            when payments.reference_number like 'atlas_etrm:netting:%' then 'netting_clearing' else 'bank'
        end as line_type,
        coalesce(accounts.account_number, payments.payment_account_id, 'unknown') as gl_account,
        'credit' as entry_side
    from payments
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on payments.payment_account_id = accounts.account_id
)

select
    'atlas_accounting:payment_made:' || payments.payment_made_id as journal_entry_id,
    case
        when payments.reference_number like 'atlas_etrm:netting:%' then 'netting' else 'payment_made'
    end as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'payment_made' as source_document_type,
    payments.payment_made_id as source_document_id,
    payments.payment_date as entry_date,
    null::date as rate_date,
    'payable' as direction,
    postings.line_rank,
    0::bigint as line_order,
    postings.line_type,
    postings.gl_account,
    postings.entry_side,
    payments.amount::decimal(20, 4) as amount,
    payments.currency_code,
    null::decimal(20, 4) as amount_base,
    true as is_posted,
    null::bigint as order_id,
    null::bigint as order_item_id,
    payments.reference_number as description,
    null::bigint as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    payments.vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from postings
inner join payments
    on postings.payment_made_id = payments.payment_made_id
where payments.amount <> 0
