-- Payments received: debit the bank account, credit trade receivables; a discount taken for early payment is debited
-- to its own account and credited to trade receivables as well. One that was voided since stays as it was posted.
-- One row per journal line of a payment.
with discounts as (
    select
        payment_id,
        sum(amount_discount) as amount
    from {{ ref('stg_atlas_accounting__payment_applications') }}
    group by payment_id
),

payments as (
    select
        received.payment_id,
        received.customer_id,
        received.payment_date,
        received.amount,
        coalesce(discounts.amount, 0) as amount_discount,
        received.currency_code,
        received.deposit_account_id,
        received.reference_number
    from {{ ref('stg_atlas_accounting__payments') }} as received
    left join discounts
        on received.payment_id = discounts.payment_id
    where coalesce(received.payment_status, '') not in ('voided', 'draft')

    union all

    select
        payment_id,
        party_id as customer_id,
        payment_date,
        amount,
        amount_discount,
        currency_code,
        account_id as deposit_account_id,
        reference_number
    from {{ ref('int_posting__voided_payments') }}
    where side = 'receivable'
),

postings as (
    select
        payments.payment_id,
        1 as line_rank,
        case
            when payments.reference_number like 'atlas_etrm:netting:%' then 'netting_clearing' else 'bank'
        end as line_type,
        coalesce(accounts.account_number, payments.deposit_account_id, 'unknown') as gl_account,
        'debit' as entry_side,
        payments.amount
    from payments
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on payments.deposit_account_id = accounts.account_id

    union all

    select
        payments.payment_id,
        2 as line_rank,
        'sales_discount' as line_type,
        coalesce(accounts.account_number, 'unknown') as gl_account,
        'debit' as entry_side,
        payments.amount_discount as amount
    from payments
    left join {{ ref('int_posting__control_accounts') }} as accounts
        on
            payments.currency_code = accounts.currency_code
            and accounts.control = 'sales_discount'

    union all

    select
        payments.payment_id,
        3 as line_rank,
        'receivables' as line_type,
        coalesce(accounts.account_number, 'unknown') as gl_account,
        'credit' as entry_side,
        payments.amount + payments.amount_discount as amount
    from payments
    left join {{ ref('int_posting__control_accounts') }} as accounts
        on
            payments.currency_code = accounts.currency_code
            and accounts.control = 'receivables'
)

select
    'atlas_accounting:payment:' || payments.payment_id as journal_entry_id,
    case
        when payments.reference_number like 'atlas_etrm:netting:%' then 'netting' else 'payment_received'
    end as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'payment' as source_document_type,
    payments.payment_id as source_document_id,
    payments.payment_date as entry_date,
    null::date as rate_date,
    'receivable' as direction,
    postings.line_rank,
    0::bigint as line_order,
    postings.line_type,
    postings.gl_account,
    postings.entry_side,
    postings.amount::decimal(20, 4) as amount,
    payments.currency_code,
    null::decimal(20, 4) as amount_base,
    true as is_posted,
    null::bigint as order_id,
    null::bigint as order_item_id,
    payments.reference_number as description,
    null::bigint as counterparty_id_atlas_etrm,
    payments.customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from postings
inner join payments
    on postings.payment_id = payments.payment_id
where postings.amount <> 0
