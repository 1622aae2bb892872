-- What stands behind the controls of receivables and payables: ages by party, amounts due by document, and the control
-- accounts by event, each document, payment and manual entry against what our journal puts on those accounts for it.
-- What the vendor's trial balance holds beyond our journal is a row of its own.
-- One row per control and party, document, event or report. Exact and unrounded.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

ages as (
    select
        side,
        party_id,
        party_code,
        currency_code,
        not_due + days_1_30 + days_31_60 + days_61_90 + days_91_120 + days_over_120 as amount_by_age
    from {{ ref('int_reconciliation__aging') }}
),

items as (
    select
        side,
        party_id,
        currency_code,
        sum(amount_open) as amount_open
    from {{ ref('int_reconciliation__open_items') }}
    where not coalesce(is_credit_note, false)
    group by side, party_id, currency_code
),

settled as (
    select
        side,
        document_id,
        sum(amount_settled) as amount_settled
    from {{ ref('int_reconciliation__settlements') }}
    group by side, document_id
),

-- Of which order each document is, if of one; a document that several share stands in the journal by the first.
order_documents as (
    select
        case document_type when 'invoice' then 'receivable' else 'payable' end as side,
        document_id,
        min(order_id) as order_id
    from {{ ref('int_posting__order_documents') }}
    where is_first_order and document_id is not null
    group by all
),

-- What the open items and credits say each event has put on its control account.
documents as (
    select
        items.side,
        items.currency_code,
        case
            when order_documents.order_id is not null then 'order ' || order_documents.order_id
            else case items.side when 'receivable' then 'invoice ' else 'bill ' end || items.document_id
        end as event_id,
        items.document_number,
        items.amount_total as amount
    from {{ ref('int_reconciliation__open_items') }} as items
    left join order_documents on items.side = order_documents.side and items.document_id = order_documents.document_id

    union all

    select
        side,
        currency_code,
        case side when 'receivable' then 'payment ' else 'payment_made ' end || payment_id as event_id,
        reference_number as document_number,
        -(amount_total + amount_discount) as amount
    from {{ ref('int_reconciliation__open_credits') }}
),

expected as (
    select
        side,
        currency_code,
        event_id,
        string_agg(document_number, ', ' order by document_number) as document_number,
        sum(amount) as amount
    from documents
    group by side, currency_code, event_id
),

journalled as (
    select
        accounts.side,
        accounts.currency_code,
        case
            when lines.order_id is not null and lines.source_document_type <> 'journal_entry'
                then 'order ' || lines.order_id
            else lines.source_document_type || ' ' || lines.source_document_id
        end as event_id,
        lines.source_document_type = 'journal_entry' as is_manual,
        sum(
            case
                when (lines.entry_side = 'debit') = (accounts.side = 'receivable') then lines.amount
                else -lines.amount
            end
        ) as amount
    from {{ ref('int_posting__journal_lines') }} as lines
    inner join parameters on lines.entry_date <= parameters.as_of_date
    inner join {{ ref('int_reconciliation__control_accounts') }} as accounts
        on lines.gl_account = accounts.account_number
    where lines.is_posted
    group by all
),

reported as (
    select
        accounts.side,
        accounts.currency_code,
        sum(case accounts.side when 'receivable' then balances.balance else -balances.balance end) as amount
    from {{ ref('stg_atlas_accounting__trial_balance_accounts') }} as balances
    inner join parameters on balances.as_of_date = parameters.as_of_date
    inner join {{ ref('int_reconciliation__control_accounts') }} as accounts
        on balances.account_id = accounts.account_id
    group by accounts.side, accounts.currency_code
),

journal_totals as (
    select
        side,
        currency_code,
        sum(amount) as amount
    from journalled
    group by side, currency_code
)

select
    'aging_equals_open_items' as control_name,
    coalesce(ages.currency_code, items.currency_code) || '/' || coalesce(ages.side, items.side) as scope,
    'party' as record_type,
    ages.party_code as left_document_id,
    items.party_id as right_document_id,
    null::varchar as document_number,
    coalesce(ages.amount_by_age, 0) as left_amount,
    coalesce(items.amount_open, 0) as right_amount
from ages
full outer join items
    on ages.side = items.side and ages.party_id = items.party_id and ages.currency_code = items.currency_code

union all

select
    'open_items_equal_amount_due' as control_name,
    documents.currency_code || '/' || documents.side as scope,
    case documents.side when 'receivable' then 'invoice' else 'bill' end as record_type,
    documents.document_id as left_document_id,
    documents.document_id as right_document_id,
    documents.document_number,
    documents.amount_total - coalesce(settled.amount_settled, 0) as left_amount,
    documents.amount_due as right_amount
from {{ ref('int_reconciliation__issued_documents') }} as documents
left join settled on documents.side = settled.side and documents.document_id = settled.document_id

union all

select
    coalesce(expected.side, journalled.side) || 's_equal_control_accounts' as control_name,
    coalesce(expected.currency_code, journalled.currency_code) as scope,
    'event' as record_type,
    expected.event_id as left_document_id,
    journalled.event_id as right_document_id,
    expected.document_number,
    -- A manual entry is named as reconciling: it stands on both sides.
    case when coalesce(journalled.is_manual, false) then journalled.amount else coalesce(expected.amount, 0) end
        as left_amount,
    coalesce(journalled.amount, 0) as right_amount
from expected
full outer join journalled
    on
        expected.side = journalled.side
        and expected.currency_code = journalled.currency_code
        and expected.event_id = journalled.event_id

union all

select
    coalesce(journal_totals.side, reported.side) || 's_equal_control_accounts' as control_name,
    coalesce(journal_totals.currency_code, reported.currency_code) as scope,
    'report' as record_type,
    null::varchar as left_document_id,
    'trial balance, beyond our journal' as right_document_id,
    null::varchar as document_number,
    0 as left_amount,
    coalesce(reported.amount, 0) - coalesce(journal_totals.amount, 0) as right_amount
from journal_totals
full outer join reported
    on journal_totals.side = reported.side and journal_totals.currency_code = reported.currency_code
