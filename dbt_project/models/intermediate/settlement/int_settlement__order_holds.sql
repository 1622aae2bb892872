-- Orders that are held, with the first reason by the order in which a clerk would mend them.
-- One row per held order.
with holds as (
    select
        order_id,
        exception_code,
        case exception_code
            when 'document_voided' then 1
            when 'duplicate_document' then 2
            when 'refused_after_posting' then 3
            when 'correction_of_paid_document' then 3
            when 'correction_in_closed_period' then 3
            when 'correction_refused' then 3
            when 'stale_draft_of_order' then 3
            when 'unreadable_order_entry' then 3
            when 'unknown_status' then 4
            when 'unknown_counterparty' then 5
            when 'ambiguous_counterparty' then 6
            when 'order_without_items' then 7
            when 'missing_registration_date' then 8
            when 'missing_amount' then 9
            when 'amount_out_of_range' then 9
            when 'sign_conflict' then 10
            when 'missing_gl_account' then 11
            when 'unknown_gl_account' then 12
            when 'order_total_mismatch' then 13
            else 14
        end as precedence
    from {{ ref('int_settlement__exceptions') }}
    where severity = 'hold' and order_id is not null
)

select
    order_id,
    min_by(exception_code, precedence) as hold_code,
    string_agg(distinct exception_code, ', ' order by exception_code) as hold_codes
from holds
group by order_id
