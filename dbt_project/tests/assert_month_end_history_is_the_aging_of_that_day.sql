-- The month-end history is counted from spans, the functions from versions: for the last month end both must come to
-- one figure, for each party, currency and age.
{%- set history = ref('int_reconciliation__aging_history') %}
{%- set last_month_end = '(select max(history.month_end_date) from ' ~ history ~ ' as history)' %}
with last_month_ends as (
    select max(month_end_date) as month_end_date from {{ history }}
),

rebuilt_receivables as (
    {{ aging_as_of('receivable', last_month_end) }}
),

rebuilt_payables as (
    {{ aging_as_of('payable', last_month_end) }}
),

open_history as (
    select
        aged.side,
        aged.party_id,
        aged.currency_code,
        aged.not_due,
        aged.days_1_30,
        aged.days_31_60,
        aged.days_61_90,
        aged.days_91_120,
        aged.days_over_120,
        aged.open_credits
    from {{ history }} as aged
    inner join last_month_ends on aged.month_end_date = last_month_ends.month_end_date
    where aged.total_open <> 0 or aged.open_credits <> 0
),

rebuilt as (
    select
        'receivable' as side,
        customer_id as party_id,
        currency_code,
        not_due,
        days_1_30,
        days_31_60,
        days_61_90,
        days_91_120,
        days_over_120,
        open_credits
    from rebuilt_receivables
    where total_open <> 0 or open_credits <> 0

    union all

    select
        'payable' as side,
        vendor_id as party_id,
        currency_code,
        not_due,
        days_1_30,
        days_31_60,
        days_61_90,
        days_91_120,
        days_over_120,
        open_credits
    from rebuilt_payables
    where total_open <> 0 or open_credits <> 0
),

differences as (
    (
        select * from rebuilt
        except all
        select * from open_history
    )
    union all
    (
        select * from open_history
        except all
        select * from rebuilt
    )
)

select * from differences
