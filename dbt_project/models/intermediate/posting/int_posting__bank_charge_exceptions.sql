-- Bank charges that a person must look at, in the columns of `fct_exceptions`.
-- One row per exception code and bank transaction.
with findings as (
    select
        *,
        case charge_status
            when 'unreadable' then 'unreadable_bank_charge'
            when 'maybe_booked' then 'bank_charge_maybe_booked'
            when 'ambiguous' then 'ambiguous_bank_charge'
            when 'left_open' then 'bank_charge_left_open'
        end as exception_code,
        case when is_deducted then 'The bank kept back a charge' else 'The bank charged its fee' end
        || coalesce(' of ' || amount || ' ' || currency_code, '') || ' on ' || booking_date as charged
    from {{ ref('int_posting__bank_charges') }}
)

select
    exception_code,
    case exception_code when 'bank_charge_left_open' then 'warn' else 'hold' end as severity,
    'atlar' as source_system,
    'transaction' as record_type,
    transaction_id as record_id,
    charged || case charge_status
        when 'unreadable' then ' without an amount in ' || currency_code || '.'
        when 'maybe_booked' then '; ' || manual_entry_id || ' books as much in another month.'
        when 'ambiguous' then '; several payments of the books fit the line.'
        else '; the payment is booked without it, so the document stays open by as much.'
    end as message,
    case charge_status
        when 'unreadable' then 'Book the charge by hand in Atlas Accounting.'
        when 'maybe_booked' then 'Date that entry into the month of the bank''s line if it is the same charge.'
        when 'ambiguous' then 'Book the charge by hand in Atlas Accounting, against bank charges.'
        else 'If we bear the charge, record the payment with what was sent; the charge is then posted by itself.'
    end as remedy,
    null::bigint as order_id
from findings
where exception_code is not null
