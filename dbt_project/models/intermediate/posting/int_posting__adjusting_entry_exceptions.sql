-- What a person should know about entries without a document, in the columns of `fct_exceptions`: lines that are not
-- accrued, entries that cannot be sent, and what Atlas Accounting holds otherwise than we derive it.
-- One row per exception code and record.
with latest_items as (
    -- A line may be held at several month ends: it is one thing to mend.
    select
        order_item_id,
        hold_code,
        max(period) as period
    from {{ ref('int_posting__accrual_items') }}
    where hold_code is not null
    group by order_item_id, hold_code
),

sources as (
    select * from {{ ref('int_posting__adjusting_entry_sources') }}
),

-- Records that fit one by one and whose sum, one line of the entry, does not.
too_large as (
    select items.journal_entry_id
    from {{ ref('int_posting__accrual_items') }} as items
    inner join {{ ref('int_posting__month_ends') }} as months
        on items.month_end_date = months.month_end_date and months.event = 'accrual' and not months.is_closed
    where items.hold_code is null
    group by items.journal_entry_id
    having sum(items.net_amount) > {{ most_money() }}

    union all

    select items.journal_entry_id
    from {{ ref('int_posting__revaluation_items') }} as items
    inner join {{ ref('int_posting__month_ends') }} as months
        on items.month_end_date = months.month_end_date and items.event = months.event and not months.is_closed
    group by items.journal_entry_id
    having
        count(items.amount_base_revalued - items.amount_base_carried) = count(*)
        and abs(sum(items.amount_base_revalued - items.amount_base_carried)) > {{ most_money() }}
)

select
    hold_code as exception_code,
    'hold' as severity,
    'atlas_etrm' as source_system,
    'order_item' as record_type,
    order_item_id::varchar as record_id,
    'The line was delivered by the end of ' || period || ' and is not accrued: ' || replace(hold_code, '_', ' ')
    || '.' as message,
    case hold_code
        when 'missing_gl_account' then 'Set the GL account on the line or on the counterparty in ATLAS ETRM.'
        when 'unknown_counterparty' then 'Check the counterparty of the line in ATLAS ETRM.'
        when 'sign_conflict' then 'Correct the sign or the cashflow of the line in ATLAS ETRM.'
        else 'Complete the line in ATLAS ETRM.'
    end as remedy,
    null::bigint as order_id
from latest_items

union all

select
    'amount_out_of_range' as exception_code,
    'hold' as severity,
    split_part(journal_entry_id, ':', 1) as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'The amounts of the entry add up to more than one line of a journal is kept in; it is not made.' as message,
    'Check the amounts behind it, and book it by hand in parts where they are right.' as remedy,
    null::bigint as order_id
from too_large

union all

select
    'unusable_posting_account' as exception_code,
    'hold' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    findings.journal_entry_id as record_id,
    'The entry waits: account ' || findings.unusable_accounts
    || ' is not in the chart once, active and in the entry''s currency.' as message,
    'Add the account in Atlas Accounting, or correct the seed control_accounts.' as remedy,
    null::bigint as order_id
from {{ ref('int_posting__adjusting_entry_findings') }} as findings
inner join sources
    on findings.journal_entry_id = sources.journal_entry_id
where findings.unusable_accounts is not null and not sources.is_posted and sources.journal_source = 'rules'

union all

select
    'entry_follows_books' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'Posted as ' || coalesce(entry_number, journal_entry_id_atlas_accounting) || ' with other figures than '
    || case when is_derived then 'are derived today' else 'anything derived today' end
    || '; the journal keeps what was posted.' as message,
    'None if the change came later; else correct it in Atlas Accounting by an entry of its own.' as remedy,
    null::bigint as order_id
from sources
where journal_source = 'books'

union all

select
    'stale_draft_entry' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'The draft ' || coalesce(entry_number, journal_entry_id_atlas_accounting) || ' of ' || journal_entry_id
    || ' says something else than is derived now; it is not posted.' as message,
    'Delete the draft in Atlas Accounting; it is made anew where it is still due.' as remedy,
    null::bigint as order_id
from sources
where entry_status = 'draft' and (is_differing or not is_derived)

union all

select
    'duplicate_journal_entry' as exception_code,
    'hold' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    copy_count || ' journal entries carry the id ' || journal_entry_id || '.' as message,
    'Delete the drafts among them, reverse the posted ones but for one, in Atlas Accounting.' as remedy,
    null::bigint as order_id
from sources
where copy_count > 1

union all

select
    'entry_taken_back' as exception_code,
    'warn' as severity,
    'atlas_accounting' as source_system,
    'journal_entry' as record_type,
    journal_entry_id as record_id,
    'A person reversed ' || coalesce(entry_number, journal_entry_id_atlas_accounting) || ' (' || journal_entry_id
    || '); it is not posted again, nor is a reversal of ours.' as message,
    'None if that was meant.' as remedy,
    null::bigint as order_id
from sources
where entry_status = 'reversed'

union all

select
    'unknown_vat_rate' as exception_code,
    'hold' as severity,
    'atlas_accounting' as source_system,
    'bill' as record_type,
    bill_id as record_id,
    'We owe the VAT on bill ' || coalesce(bill_number, bill_id) || ' (' || replace(vat_treatment, '_', ' ')
    || '), and no rate of our country is known on ' || bill_date || '.' as message,
    'Add the rate to the seed vat_rates, or set the country of the company in Atlas Accounting.' as remedy,
    order_id
from {{ ref('int_posting__reverse_charge_bills') }}
where vat_amount is null
