-- Every control difference that somebody accepted by name, for good: whose run measured it, who let it pass and why,
-- and whether it still speaks for a difference that stands.
-- One row per acceptance.
select
    accepted.acceptance_id,
    accepted.control_name,
    accepted.scope,
    cast(accepted.amount_difference as decimal(38, 4)) as difference,
    accepted.currency_code,
    accepted.run_id,
    accepted.measured_by,
    accepted.accepted_by,
    accepted.acceptance_reason,
    accepted.accepted_at,
    accepted.withdrawn_by,
    accepted.withdrawal_reason,
    accepted.withdrawn_at,
    accepted.withdrawn_at is null and coalesce(tie_outs.difference = accepted.amount_difference, false) as is_in_effect,
    coalesce(tie_outs.difference, 0.0000) as present_difference
from {{ ref('stg_operations__accepted_differences') }} as accepted
left join {{ ref('fct_tie_outs') }} as tie_outs
    on accepted.control_name = tie_outs.control_name and accepted.scope = tie_outs.scope
