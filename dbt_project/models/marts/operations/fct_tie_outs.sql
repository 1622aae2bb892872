-- Control totals: two sides that must agree to the minor unit, each comparing like with like (DESIGN 5.10). What is
-- held or pending is counted beside it and is no difference. A red row withholds the push until it is mended or that
-- very difference is accepted by a second person.
-- One row per control and scope.
with controls as (
    select * from {{ ref('int_reconciliation__tie_outs_orders') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_write_back') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_receivables_payables') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_ledger') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_treasury') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_closed_periods') }}
    union all
    select * from {{ ref('int_reconciliation__tie_outs_exchange_rates') }}
),

rounded as (
    select
        control_name,
        scope,
        left_label,
        {{ money('left_amount', 'currency_code', or_null=true, width=38) }} as left_amount,
        right_label,
        {{ money('right_amount', 'currency_code', or_null=true, width=38) }} as right_amount,
        -- From the unrounded sides, so that nothing below the minor unit is lost between them.
        {{ money('left_amount - right_amount', 'currency_code', or_null=true, width=38) }} as difference,
        currency_code,
        {{ money('amount_reconciling', 'currency_code', or_null=true, width=38) }} as amount_reconciling,
        cast(held_count as bigint) as held_count,
        cast(pending_count as bigint) as pending_count
    from controls
),

accepted as (
    -- The same amount may have been accepted again after a withdrawal: the latest acceptance speaks.
    select *
    from {{ ref('stg_operations__accepted_differences') }}
    where withdrawn_at is null
    qualify
        row_number() over (
            partition by control_name, scope, amount_difference, currency_code
            order by accepted_at desc nulls last, acceptance_id desc nulls last
        ) = 1
)

select
    rounded.control_name,
    rounded.scope,
    rounded.left_label,
    rounded.left_amount,
    rounded.right_label,
    rounded.right_amount,
    rounded.difference,
    rounded.currency_code,
    rounded.difference is not null and rounded.difference = 0 as is_tied,
    accepted.acceptance_id is not null as is_accepted,
    rounded.amount_reconciling,
    rounded.held_count,
    rounded.pending_count,
    accepted.accepted_by,
    accepted.acceptance_reason,
    accepted.accepted_at
from rounded
-- Accepted is a difference, not a control: once it changes it must be accepted anew.
left join accepted
    on
        rounded.control_name = accepted.control_name
        and rounded.scope = accepted.scope
        and rounded.currency_code = accepted.currency_code
        and rounded.difference = accepted.amount_difference
        and rounded.difference <> 0
