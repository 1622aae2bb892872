-- Offsets by agreement that were begun in Atlas Accounting: the payment made, the payment received of the same
-- reference, and whether both are there and wholly applied.
-- One row per offset, by its reference.
select
    made.reference_number,
    split_part(made.reference_number, ':', 3) as agreement_id,
    try_cast(split_part(made.reference_number, ':', 4) as date) as due_date,
    made.payment_made_id,
    made.vendor_id,
    made.payment_date,
    made.amount,
    made.currency_code,
    receipts.payment_id,
    receipts.customer_id,
    receipts.amount_unapplied,
    coalesce(receipts.amount_unapplied = 0, false) as is_complete
from {{ ref('stg_atlas_accounting__payments_made') }} as made
left join {{ ref('stg_atlas_accounting__payments') }} as receipts
    on
        made.reference_number = receipts.reference_number
        and coalesce(receipts.payment_status, '') not in ('voided', 'draft')
where
    made.reference_number like 'atlas_etrm:netting:%'
    and coalesce(made.payment_status, '') not in ('voided', 'draft')
qualify
    row_number() over (
        partition by made.reference_number
        order by made.created_at asc nulls last, made.payment_made_id asc, receipts.payment_id asc
    ) = 1
