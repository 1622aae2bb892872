-- Controls of the bank: balances follow from the lines booked, statements close. Days and statements that tie are
-- summed up per account; each one that does not stands alone, so that two faults never cancel out.
-- One row per control and account, and one per broken day or statement.
with balances as (
    select
        'bank_balances_follow_transactions' as control_name,
        account_id,
        balance_date::varchar as part,
        currency_code,
        amount_moved as left_amount,
        balance - balance_previous as right_amount,
        difference,
        is_complete as is_comparable
    from {{ ref('int_reconciliation__bank_balances') }}
    where previous_balance_date is not null
),

statements as (
    select
        'bank_statements_close' as control_name,
        account_id,
        bank_statement_id as part,
        currency_code,
        amount_moved as left_amount,
        amount_closing - amount_opening as right_amount,
        difference,
        difference is not null as is_comparable
    from {{ ref('int_reconciliation__bank_statements') }}
),

parts as (
    select * from balances
    union all
    select * from statements
),

tied as (
    select
        control_name,
        account_id,
        null as part,
        currency_code,
        sum(case when is_comparable then left_amount else 0 end) as left_amount,
        sum(case when is_comparable then right_amount else 0 end) as right_amount,
        count(*) filter (where not is_comparable) as pending_count
    from parts
    where not is_comparable or difference = 0
    group by control_name, account_id, currency_code
),

broken as (
    select
        control_name,
        account_id,
        part,
        currency_code,
        left_amount,
        right_amount,
        0 as pending_count
    from parts
    where is_comparable and difference <> 0
),

rows_to_show as (
    select * from tied
    union all
    select * from broken
)

select
    rows_to_show.control_name,
    rows_to_show.account_id || coalesce('/' || rows_to_show.part, '') as scope,
    case rows_to_show.control_name
        when 'bank_statements_close' then 'Entries of statements'
        else 'Lines booked'
    end || coalesce(', ' || accounts.account_name, '') as left_label,
    rows_to_show.left_amount,
    case rows_to_show.control_name
        when 'bank_statements_close' then 'Closing less opening balances'
        else 'Booked balances less the ones before'
    end as right_label,
    rows_to_show.right_amount,
    rows_to_show.currency_code,
    0 as amount_reconciling,
    0 as held_count,
    rows_to_show.pending_count
from rows_to_show
left join {{ ref('stg_atlar__accounts') }} as accounts on rows_to_show.account_id = accounts.account_id
