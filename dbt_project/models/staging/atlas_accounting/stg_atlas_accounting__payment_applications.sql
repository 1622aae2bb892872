-- Payments received as applied to invoices, unnested from the payment.
-- One row per application.
select
    payments.payment_id,
    item.position as application_number,
    {{ json_text('item.element', 'invoice_id') }} as invoice_id,
    payments.customer_id,
    payments.payment_date,
    coalesce({{ json_decimal('item.element', 'amount_applied') }}, 0) as amount_applied,
    coalesce({{ json_decimal('item.element', 'discount_taken') }}, 0) as amount_discount,
    payments.currency_code
from {{ ref('stg_atlas_accounting__payments') }} as payments
cross join {{ json_elements('payments.applications') }}
