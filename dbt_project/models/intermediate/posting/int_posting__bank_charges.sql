-- What banks charged, from the first day of the policy on, each with the account in the ledger it stands on, and
-- whether the books hold it already.
-- One row per bank line with a charge; a cost is above zero, a refund below.
with policies as (
    select cutoff_days from {{ ref('posting_policies') }}
    where event = 'bank_fee'
),

charges as (
    select
        told.*,
        accounts.gl_account,
        policies.cutoff_days
    from {{ ref('int_posting__told_charges') }} as told
    cross join policies
    left join {{ ref('int_posting__bank_accounts') }} as accounts
        on told.account_id = accounts.account_id
),

posted as (
    select
        journal_entry_id,
        journal_entry_id_atlas_accounting,
        entry_date
    from {{ ref('int_posting__entries_in_books') }}
    where is_posted and journal_entry_id like 'atlar:bank_fee:%'
),

-- Equal charges of one account and month are told apart by their order, and so are the entries that book them. A charge
-- that is posted under its own id needs none of them.
numbered as (
    select
        charges.*,
        posted.journal_entry_id is not null as is_posted,
        row_number() over (
            partition by
                posted.journal_entry_id is not null,
                charges.gl_account,
                charges.currency_code,
                charges.amount,
                date_trunc('month', charges.booking_date)
            order by charges.booking_date asc, charges.record_id asc
        ) as place
    from charges
    left join posted
        on charges.journal_entry_id = posted.journal_entry_id
),

booked_entries as (
    select
        journal_entry_id,
        gl_account,
        currency_code,
        amount_charged as amount,
        entry_date
    from {{ ref('int_posting__bank_movements') }}
    where is_manual and amount_charged <> 0 and amount = -amount_charged

    union all

    -- What was posted for a bank line that is there no more, as when Atlar tells it again under another id.
    select
        posted.journal_entry_id,
        accounts.account_number as gl_account,
        coalesce(lines.currency_code, accounts.currency_code) as currency_code,
        case lines.entry_side when 'credit' then lines.amount else -lines.amount end as amount,
        posted.entry_date
    from posted
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on posted.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
    inner join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
    left join charges
        on posted.journal_entry_id = charges.journal_entry_id
    where charges.journal_entry_id is null
),

by_hand as (
    select
        *,
        row_number() over (
            partition by gl_account, currency_code, amount, date_trunc('month', entry_date)
            order by entry_date asc, journal_entry_id asc
        ) as place
    from booked_entries
),

matched as (
    select
        numbered.record_id,
        by_hand.journal_entry_id
    from numbered
    inner join by_hand
        on
            numbered.gl_account = by_hand.gl_account
            and numbered.currency_code = by_hand.currency_code
            and numbered.amount = by_hand.amount
            and date_trunc('month', numbered.booking_date) = date_trunc('month', by_hand.entry_date)
            and numbered.place = by_hand.place
    where not numbered.is_posted
),

unmatched as (
    select by_hand.*
    from by_hand
    left join matched
        on by_hand.journal_entry_id = matched.journal_entry_id
    where matched.journal_entry_id is null
),

near as (
    select
        numbered.record_id,
        min(unmatched.journal_entry_id) as journal_entry_id
    from numbered
    inner join unmatched
        on
            numbered.gl_account = unmatched.gl_account
            and numbered.currency_code = unmatched.currency_code
            and numbered.amount = unmatched.amount
            and abs(numbered.booking_date - unmatched.entry_date) <= numbered.cutoff_days
    group by numbered.record_id
),

-- How the books took a line whose charge was kept back: before the charge, after it, or not yet.
taken as (
    select
        numbered.record_id,
        count(*) filter (where movements.amount = numbered.amount_of_line + numbered.amount) as gross_count,
        count(*) filter (where movements.amount = numbered.amount_of_line) as net_count,
        min_by(
            movements.journal_entry_id,
            (abs(numbered.booking_date - movements.entry_date), movements.journal_entry_id)
        ) filter (where movements.amount = numbered.amount_of_line) as net_entry_id
    from numbered
    inner join {{ ref('int_posting__bank_movements') }} as movements
        on
            numbered.is_deducted
            and numbered.gl_account = movements.gl_account
            and numbered.currency_code = movements.currency_code
            and movements.amount in (numbered.amount_of_line + numbered.amount, numbered.amount_of_line)
            and abs(numbered.booking_date - movements.entry_date) <= numbered.cutoff_days
    group by numbered.record_id
)

select
    numbered.journal_entry_id,
    numbered.record_type,
    numbered.record_id,
    numbered.account_id,
    numbered.gl_account,
    numbered.booking_date,
    numbered.currency_code,
    numbered.amount_of_line,
    numbered.amount,
    numbered.amount_told_otherwise,
    numbered.bearer,
    numbered.is_deducted,
    numbered.bank_text,
    coalesce(matched.journal_entry_id, near.journal_entry_id) as manual_entry_id,
    numbered.near_transaction_id,
    numbered.near_entry_id,
    case when coalesce(taken.gross_count, 0) = 0 then taken.net_entry_id end as net_entry_id,
    case
        when numbered.is_posted then 'due'
        when numbered.amount is null then 'unreadable'
        when matched.journal_entry_id is not null then 'booked'
        when numbered.amount_told_otherwise is not null then 'told_otherwise'
        when coalesce(numbered.near_transaction_id, numbered.near_entry_id) is not null then 'maybe_told'
        when not numbered.is_day_complete then 'not_listed'
        when near.journal_entry_id is not null then 'maybe_booked'
        when not numbered.is_deducted then 'due'
        -- Kept back from money that came back: the void of the payment is the rest of the bank's line.
        when returned.amount_answered = numbered.amount_of_line + numbered.amount then 'due'
        when coalesce(taken.gross_count, 0) = 0 and coalesce(taken.net_count, 0) = 0 then 'not_in_books'
        when coalesce(taken.gross_count, 0) = 0 then 'left_open'
        when taken.gross_count = 1 and taken.net_count = 0 then 'due'
        else 'ambiguous'
    end as charge_status
from numbered
left join matched
    on numbered.record_id = matched.record_id
left join near
    on numbered.record_id = near.record_id
left join taken
    on numbered.record_id = taken.record_id
left join {{ ref('int_reconciliation__returned_lines') }} as returned
    on
        numbered.record_type = returned.record_type
        and numbered.record_id = returned.record_id
        and returned.return_status = 'payment_voided'
