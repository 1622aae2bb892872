-- What keeps a checked order from being posted as it stands.
-- One row per finding and order.
with orders as (
    select
        orders.*,
        totals.item_count,
        totals.receivable_item_count,
        totals.payable_item_count,
        totals.has_payables_of_both_signs,
        totals.amount_from_items,
        totals.amount_from_order
    from {{ ref('int_settlement__orders') }} as orders
    left join {{ ref('int_settlement__order_totals') }} as totals
        on orders.order_id = totals.order_id
    where orders.is_checked
),

replaced as (
    -- A document that is to be made anew asks again for whom, and how it is taxed.
    select
        order_id,
        direction,
        document_type
    from {{ ref('int_posting__corrections') }}
    where blocked_by is null and cause <> 'refused'
),

ambiguous_sides as (
    select
        orders.order_id,
        matches.side,
        matches.candidate_count,
        matches.candidate_codes
    from orders
    inner join {{ ref('int_settlement__party_matches') }} as matches
        on
            orders.counterparty_id = matches.counterparty_id
            and matches.is_ambiguous
            and case matches.side
                when 'customer' then orders.receivable_item_count
                else orders.payable_item_count
            end > 0
    -- Whom a document was made out to is no longer a question once it exists.
    left join {{ ref('int_posting__order_documents') }} as documents
        on
            orders.order_id = documents.order_id
            and documents.document_type = case matches.side when 'customer' then 'invoice' else 'bill' end
    left join replaced
        on
            documents.order_id = replaced.order_id
            and documents.document_type = replaced.document_type
    where documents.order_id is null or replaced.order_id is not null
)

select
    'unknown_status' as exception_code,
    'hold' as severity,
    order_id,
    'Status "' || coalesce(order_status, '(none)') || '" has no role.' as message,
    'Add the status to the seed order_statuses, or name it in READY_STATUSES.' as remedy
from orders
where status_role is null

union all

select
    'unknown_counterparty' as exception_code,
    'hold' as severity,
    order_id,
    'Counterparty ' || coalesce(counterparty_id::varchar, '(none)') || ' is not among the counterparties.' as message,
    'Check the counterparty of the order in ATLAS ETRM.' as remedy
from orders
where not is_counterparty_known

union all

select
    'ambiguous_counterparty' as exception_code,
    'hold' as severity,
    order_id,
    case
        when candidate_count > 1 then 'Several ' || side || 's fit the counterparty: ' || candidate_codes || '.'
        else 'Another counterparty is matched to the same ' || side || ' ' || candidate_codes || '.'
    end as message,
    'Set externalId of the counterparty in ATLAS ETRM to the right code, or merge the doubles.' as remedy
from ambiguous_sides

union all

select
    'order_without_items' as exception_code,
    'hold' as severity,
    order_id,
    'No line of the order has the status In Order.' as message,
    'Put the lines into the order in ATLAS ETRM.' as remedy
from orders
where item_count is null

union all

select
    'sign_conflict' as exception_code,
    'hold' as severity,
    order_id,
    'Passive lines of both signs in one order.' as message,
    'Correct the signs or the cashflow of the lines in ATLAS ETRM.' as remedy
from orders
where has_payables_of_both_signs

union all

select
    'order_total_mismatch' as exception_code,
    'hold' as severity,
    order_id,
    'The lines add up to ' || coalesce({{ money_text('amount_from_items') }}, '(unknown)') || ' ' || currency_code
    || ', the order says ' || coalesce({{ money_text('amount_from_order') }}, '(nothing)') || '.' as message,
    'Correct the order or its lines in ATLAS ETRM; ORDER_TOTAL says whether the total includes VAT.' as remedy
from orders
where item_count is not null and (amount_from_items is null or amount_from_items is distinct from amount_from_order)

union all

select
    'missing_registration_date' as exception_code,
    'hold' as severity,
    order_id,
    'The order has no registration date, so no day to be booked on.' as message,
    'Set the registration date in ATLAS ETRM.' as remedy
from orders
where registration_date is null

union all

select
    'unknown_vat_treatment' as exception_code,
    'hold' as severity,
    orders.order_id,
    'No rule says how the VAT of the ' || treatments.direction || ' lines is treated: counterparty '
    || coalesce(treatments.counterparty_country, 'of no country') || ', our company '
    || coalesce(treatments.company_country, 'of no country') || coalesce(', ' || min(treatments.commodity), '') || '.'
        as message,
    'Set the country of the counterparty in ATLAS ETRM or of the company in Atlas Accounting, or add the case to the'
    || ' seed vat_treatments.' as remedy
from orders
inner join {{ ref('int_settlement__item_vat_treatments') }} as treatments
    on
        orders.order_id = treatments.order_id
        and treatments.direction is not null
        and treatments.vat_treatment is null
-- What is posted is posted: a side whose document is issued asks no more how it was to be.
left join {{ ref('int_posting__order_documents') }} as documents
    on
        orders.order_id = documents.order_id
        and documents.document_type = case treatments.direction when 'receivable' then 'invoice' else 'bill' end
        and documents.is_issued
left join replaced
    on
        treatments.order_id = replaced.order_id
        and treatments.direction = replaced.direction
where (documents.order_id is null or replaced.order_id is not null) and orders.is_counterparty_known
group by orders.order_id, treatments.direction, treatments.counterparty_country, treatments.company_country
