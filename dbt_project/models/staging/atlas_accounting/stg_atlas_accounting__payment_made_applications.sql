-- Payments made as applied to bills, unnested from the payment.
-- One row per application.
select
    payments_made.payment_made_id,
    item.position as application_number,
    {{ json_text('item.element', 'bill_id') }} as bill_id,
    payments_made.vendor_id,
    payments_made.payment_date,
    coalesce({{ json_decimal('item.element', 'amount_applied') }}, 0) as amount_applied,
    coalesce({{ json_decimal('item.element', 'discount_taken') }}, 0) as amount_discount,
    payments_made.currency_code
from {{ ref('stg_atlas_accounting__payments_made') }} as payments_made
cross join {{ json_elements('payments_made.applications') }}
