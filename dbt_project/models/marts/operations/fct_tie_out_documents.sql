-- The drill-down of the control totals: behind each control that does not tie, the documents, entries, accounts or bank
-- lines that differ, so that the rows of a control and scope add up to its difference. Where the vendor gives a total
-- alone, our side is listed beside that total. What no record explains is a row of its own.
-- One row per red control, scope and pair of records; empty while everything ties.
with red as (
    select
        control_name,
        scope,
        currency_code,
        difference
    from {{ ref('fct_tie_outs') }}
    where not is_tied
),

pairs as (
    select * exclude (order_id) from {{ ref('int_reconciliation__tie_out_pairs_orders') }}
    union all
    select
        control_name,
        scope,
        record_type,
        left_document_id,
        right_document_id,
        document_number,
        left_amount,
        right_amount
    from {{ ref('int_reconciliation__write_back_pairs') }}
    where is_compared
    union all
    select * from {{ ref('int_reconciliation__tie_out_pairs_receivables_payables') }}
    union all
    select * from {{ ref('int_reconciliation__tie_out_pairs_ledger') }}
    union all
    select * from {{ ref('int_reconciliation__tie_out_pairs_treasury') }}
    union all
    select * from {{ ref('int_reconciliation__tie_out_pairs_exchange_rates') }}
),

behind as (
    select
        pairs.control_name,
        pairs.scope,
        pairs.record_type,
        pairs.left_document_id,
        pairs.right_document_id,
        pairs.document_number,
        {{ money('pairs.left_amount', 'red.currency_code', or_null=true, width=38) }} as left_amount,
        {{ money('pairs.right_amount', 'red.currency_code', or_null=true, width=38) }} as right_amount,
        {{ money(
            'coalesce(pairs.left_amount, 0) - coalesce(pairs.right_amount, 0)', 'red.currency_code', or_null=true, width=38
        ) }} as difference,
        red.currency_code,
        case
            when abs(coalesce(pairs.left_amount, 0) - coalesce(pairs.right_amount, 0)) = abs(red.difference)
                then 'Its amount is the whole difference.'
            when
                pairs.record_type in (
                    'journal_entry', 'report', 'bank_transaction', 'balance', 'statement_entry', 'statement'
                )
                then 'One of the records whose total is compared.'
            when pairs.left_document_id is null then 'Only the right side has it.'
            when pairs.right_document_id is null then 'Only the left side has it.'
            else 'Both sides have it, with different amounts.'
        end as finding
    from red
    inner join pairs on red.control_name = pairs.control_name and red.scope = pairs.scope
    where coalesce(pairs.left_amount, 0) <> coalesce(pairs.right_amount, 0)
),

explained as (
    select
        control_name,
        scope,
        sum(difference) as difference
    from behind
    group by control_name, scope
)

select * from behind

union all

select
    red.control_name,
    red.scope,
    'unexplained' as record_type,
    null::varchar as left_document_id,
    null::varchar as right_document_id,
    null::varchar as document_number,
    null::decimal(38, 4) as left_amount,
    null::decimal(38, 4) as right_amount,
    try_cast(red.difference - coalesce(explained.difference, 0) as decimal(38, 4)) as difference,
    red.currency_code,
    'No single record explains this part; compare the two sides of the control.' as finding
from red
left join explained on red.control_name = explained.control_name and red.scope = explained.scope
where coalesce(red.difference, 0) <> coalesce(explained.difference, 0) or red.difference is null
