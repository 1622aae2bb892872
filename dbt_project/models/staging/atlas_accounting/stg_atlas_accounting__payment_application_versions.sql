-- What each version of a payment settled, unnested from it: money applied and the early-payment discount taken.
-- Versions of payments that were voided or drafts settled nothing.
-- One row per side, payment, version and application.
select
    payments.side,
    payments.payment_id,
    item.position as application_number,
    case payments.side
        when 'receivable' then {{ json_text('item.element', 'invoice_id') }}
        else {{ json_text('item.element', 'bill_id') }}
    end as document_id,
    payments.payment_date as settlement_date,
    coalesce({{ json_decimal('item.element', 'amount_applied') }}, 0) as amount_applied,
    coalesce({{ json_decimal('item.element', 'discount_taken') }}, 0) as amount_discount,
    payments.known_from,
    payments.known_to,
    payments.known_from_date,
    payments.known_to_date
from {{ ref('stg_atlas_accounting__payment_versions') }} as payments
cross join {{ json_elements('payments.applications') }}
where payments.is_effective
