-- Bank charges that a person must look at, in the columns of `fct_exceptions`.
-- One row per exception code and bank line.
with findings as (
    select
        charges.*,
        left_open.document_numbers,
        {{ minor_unit_text('abs(left_open.amount_sent)', 'charges.currency_code') }} as sent_text,
        case charges.charge_status
            when 'unreadable' then 'unreadable_bank_charge'
            when 'maybe_booked' then 'bank_charge_maybe_booked'
            when 'ambiguous' then 'ambiguous_bank_charge'
            when 'left_open' then 'bank_charge_left_open'
            when 'told_otherwise' then 'bank_charge_told_otherwise'
            when 'maybe_told' then 'bank_charge_maybe_told'
            when 'not_listed' then 'bank_charge_not_listed'
        end as exception_code,
        case when charges.is_deducted then 'The bank kept back a charge' else 'The bank charged its fee' end
        || coalesce(
            ' of ' || {{ minor_unit_text('charges.amount', 'charges.currency_code') }} || ' ' || charges.currency_code,
            ''
        )
        || ' on ' || charges.booking_date as charged
    from {{ ref('int_posting__bank_charges') }} as charges
    left join {{ ref('int_posting__charges_left_open') }} as left_open
        on charges.record_id = left_open.record_id
)

select
    exception_code,
    case when exception_code in ('bank_charge_left_open', 'bank_charge_not_listed') then 'warn' else 'hold' end
        as severity,
    'atlar' as source_system,
    record_type,
    record_id,
    charged || case charge_status
        when 'unreadable' then ' without an amount in ' || currency_code || '.'
        when 'maybe_booked' then '; ' || manual_entry_id || ' books as much in another month.'
        when 'told_otherwise' then '; its statement says ' || amount_told_otherwise || ' ' || currency_code || '.'
        when 'maybe_told'
            then
                coalesce(
                    '; no line of Atlar is the statement''s, but ' || near_transaction_id || ' may be.',
                    '; ' || near_entry_id || ' was posted for a line of the statement, which may be the same.'
                )
        when 'not_listed' then '; only its statement says so, and Atlar has not listed all lines of that day.'
        when 'ambiguous' then '; several payments of the books fit the line.'
        else
            '; ' || net_entry_id || ' is booked without it'
            || coalesce(', and ' || document_numbers || ' stays open', '')
            || '.' || case when bearer = 'DEBT' then ' By the statement the payer bears it.' else '' end
    end as message,
    case charge_status
        when 'unreadable' then 'Book the charge by hand in Atlas Accounting.'
        when 'maybe_booked' then 'Date that entry into the month of the bank''s line if it is the same charge.'
        when 'told_otherwise' then 'Ask the bank which is right, and book the charge by hand in Atlas Accounting.'
        when 'maybe_told'
            then 'None if the two lines are one charge; else book this one by hand in Atlas Accounting.'
        when 'not_listed' then 'None: the charge is posted, once, when the day is complete.'
        when 'ambiguous' then 'Book the charge by hand in Atlas Accounting, against bank charges.'
        else
            'If the charge is ours, void the payment and record it with ' || sent_text || ' ' || currency_code
            || ': its document is settled and the charge posted by itself. If it is not, claim it from the other side.'
    end as remedy,
    null::bigint as order_id
from findings
where exception_code is not null
