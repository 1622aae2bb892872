-- Controls of what was written back: the documents and payments of the books against their ATLAS ETRM and Atlar copies,
-- added up from `int_reconciliation__write_back_pairs`.
-- One row per control, currency and side.
select
    control_name,
    scope,
    case control_name
        when 'documents_equal_atlas_etrm_invoices' then 'Issued documents of orders'
        when 'paid_documents_equal_atlas_etrm_paid' then 'Issued documents of orders with nothing left open'
        when 'payments_equal_atlas_etrm_payments' then 'Payments applied to documents of orders'
        when 'documents_equal_atlar_documents' then 'Issued documents, face value'
        when 'payments_equal_atlar_payments' then 'Payments sent to Atlar'
        when 'open_amounts_equal_atlar_remaining' then 'Amounts due of issued documents in step with Atlar'
    end as left_label,
    coalesce(sum(left_amount) filter (where is_compared), 0) as left_amount,
    case control_name
        when 'documents_equal_atlas_etrm_invoices' then 'Their invoices in ATLAS ETRM'
        when 'paid_documents_equal_atlas_etrm_paid' then 'Their invoices in ATLAS ETRM marked as paid'
        when 'payments_equal_atlas_etrm_payments' then 'Their payments in ATLAS ETRM'
        when 'documents_equal_atlar_documents' then 'Their documents in Atlar'
        when 'payments_equal_atlar_payments' then 'Their documents in Atlar'
        when 'open_amounts_equal_atlar_remaining' then 'Remaining amounts of their documents in Atlar'
    end as right_label,
    coalesce(sum(right_amount) filter (where is_compared), 0) as right_amount,
    currency_code,
    0 as amount_reconciling,
    count(*) filter (where is_held) as held_count,
    count(*) filter (where is_pending) as pending_count
from {{ ref('int_reconciliation__write_back_pairs') }}
group by control_name, scope, currency_code
