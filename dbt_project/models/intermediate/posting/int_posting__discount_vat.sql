-- The VAT in early-payment discounts: a discount lowers what was charged, so its part of the invoice's output VAT is no
-- longer owed. Debit output VAT, credit sales discount, on the day of the payment or the first open one; a payment that
-- was voided since, or taken off the invoice, takes it back.
-- One row per journal line; one entry per payment and invoice with VAT, and one more where it was taken back.
with policies as (
    select valid_from_date
    from {{ ref('posting_policies') }}
    where event = 'discount_vat'
),

voided as (
    select
        voided.payment_id,
        applications.document_id,
        voided.payment_date,
        voided.reversal_date,
        applications.amount_discount
    from {{ ref('int_posting__voided_payments') }} as voided
    inner join {{ ref('stg_atlas_accounting__payment_application_versions') }} as applications
        on
            voided.side = applications.side
            and voided.payment_id = applications.payment_id
            and voided.known_from = applications.known_from
            and voided.voided_seen_at = applications.known_to
    where voided.side = 'receivable'
),

applications as (
    select
        payment_id,
        document_id,
        settlement_date as payment_date,
        null::date as reversal_date,
        amount_discount
    from {{ ref('int_reconciliation__settlements') }}
    where side = 'receivable'

    union all

    select
        payment_id,
        document_id,
        payment_date,
        reversal_date,
        amount_discount
    from voided

    union all

    select
        payment_id,
        document_id,
        settlement_date as payment_date,
        reversal_date,
        amount_discount
    from {{ ref('int_posting__applications_taken_off') }}
    where side = 'receivable'
),

discounts as (
    select
        payment_id,
        document_id,
        max(payment_date) as payment_date,
        max(reversal_date) as reversal_date,
        sum(amount_discount) as amount_discount
    from applications
    group by payment_id, document_id
    having sum(amount_discount) > 0
),

invoices as (
    select
        source_document_id as document_id,
        currency_code,
        max(customer_id) as customer_id,
        max(order_id) as order_id,
        sum(case when line_type = 'receivables' and entry_side = 'debit' then amount else 0 end) as amount_total,
        coalesce(
            sum(case entry_side when 'credit' then amount else -amount end) filter (where line_type = 'output_vat'), 0
        ) as amount_vat
    from {{ ref('int_posting__invoices') }}
    group by source_document_id, currency_code
),

corrected as (
    select
        discounts.*,
        invoices.currency_code,
        invoices.customer_id,
        invoices.order_id,
        'atlas_accounting:discount_vat:' || discounts.payment_id || ':' || discounts.document_id as entry_id,
        {{ money(
            share_of('discounts.amount_discount', 'invoices.amount_vat', 'invoices.amount_total'), 'invoices.currency_code'
        ) }} as amount_vat
    from discounts
    inner join invoices
        on discounts.document_id = invoices.document_id
    inner join policies
        on discounts.payment_date >= policies.valid_from_date
    where invoices.amount_vat > 0 and invoices.amount_total > 0
),

entries as (
    select
        corrected.*,
        corrected.entry_id as journal_entry_id,
        'discount_vat' as posting_rule,
        null::varchar as reverses_journal_entry_id,
        corrected.payment_date as due_date,
        true as is_correction
    from corrected
    where corrected.reversal_date is null

    union all

    -- What was never posted needs no reversal: a voided payment's counts only where the books hold it.
    select
        corrected.*,
        corrected.entry_id as journal_entry_id,
        'discount_vat' as posting_rule,
        null::varchar as reverses_journal_entry_id,
        corrected.payment_date as due_date,
        true as is_correction
    from corrected
    inner join {{ ref('int_posting__entries_in_books') }} as booked
        on
            corrected.entry_id = booked.journal_entry_id
            and booked.is_posted
    where corrected.reversal_date is not null

    union all

    select
        corrected.*,
        corrected.entry_id || ':reversal' as journal_entry_id,
        'discount_vat_reversal' as posting_rule,
        corrected.entry_id as reverses_journal_entry_id,
        corrected.reversal_date as due_date,
        false as is_correction
    from corrected
    inner join {{ ref('int_posting__entries_in_books') }} as booked
        on
            corrected.entry_id = booked.journal_entry_id
            and booked.is_posted
    where corrected.reversal_date is not null
),

lines as (
    select
        entries.*,
        1 as line_rank,
        'output_vat' as control,
        case when entries.is_correction then 'debit' else 'credit' end as entry_side
    from entries

    union all

    select
        entries.*,
        2 as line_rank,
        'sales_discount' as control,
        case when entries.is_correction then 'credit' else 'debit' end as entry_side
    from entries
)

select
    lines.journal_entry_id,
    lines.posting_rule,
    1 as revision,
    lines.reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    lines.posting_rule as source_document_type,
    lines.payment_id || ':' || lines.document_id as source_document_id,
    greatest(lines.due_date, coalesce(closed.first_open_date, lines.due_date)) as entry_date,
    null::date as rate_date,
    'receivable' as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.control as line_type,
    coalesce(accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    lines.amount_vat::decimal(20, 4) as amount,
    lines.currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    lines.order_id,
    null::bigint as order_item_id,
    'VAT in the early-payment discount of ' || lines.amount_discount::decimal(20, 2) as description,
    null::bigint as counterparty_id_atlas_etrm,
    lines.customer_id,
    null::varchar as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from lines
cross join {{ ref('int_posting__closed_through') }} as closed
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and lines.currency_code = accounts.currency_code
where lines.amount_vat <> 0
