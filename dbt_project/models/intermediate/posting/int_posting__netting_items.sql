-- Open documents that an agreement offsets now, and how much of each: receivables and payables of one counterparty,
-- currency and due date, up to the smaller side, oldest first. Nothing is offset without an agreement, before its due
-- date, of held orders, or while an earlier offset of the same agreement and date is not complete.
-- One row per side and document that is offset.
with parameters as (
    select as_of_date from {{ ref('stg_operations__run_parameters') }}
),

documents as (
    select
        agreements.agreement_id,
        agreements.counterparty_id,
        agreements.currency_code,
        issued.due_date,
        issued.side,
        issued.document_id,
        issued.document_number,
        issued.party_id,
        issued.issue_date,
        issued.amount_due
    from {{ ref('int_posting__netting_agreements') }} as agreements
    cross join parameters
    inner join {{ ref('int_settlement__party_matches') }} as matches
        on
            agreements.counterparty_id = matches.counterparty_id
            and not matches.is_ambiguous
    inner join {{ ref('int_reconciliation__issued_documents') }} as issued
        on
            matches.party_id = issued.party_id
            and issued.side = case matches.side when 'customer' then 'receivable' else 'payable' end
            and agreements.currency_code = issued.currency_code
            and agreements.valid_from_date <= issued.due_date
            and issued.due_date <= coalesce(agreements.valid_to_date, issued.due_date)
    left join {{ ref('int_settlement__order_holds') }} as holds
        on issued.order_id = holds.order_id
    where
        issued.amount_due > 0
        -- The books apply payments to documents alone.
        and not coalesce(issued.is_entry, false)
        and holds.order_id is null
        and issued.due_date <= parameters.as_of_date
        and issued.issue_date <= parameters.as_of_date
    -- Two agreements that cover one document must not offset it twice.
    qualify row_number() over (partition by issued.side, issued.document_id order by agreements.agreement_id asc) = 1
),

begun as (
    select
        regexp_replace(reference_number, ':[0-9]+$', '') as group_key,
        count(*) as offset_count,
        bool_and(is_complete) as is_complete
    from {{ ref('int_posting__nettings') }}
    group by group_key
),

sides as (
    select
        agreement_id,
        due_date,
        max(issue_date) as last_issue_date,
        sum(case when side = 'receivable' then amount_due else 0 end) as amount_receivable,
        sum(case when side = 'payable' then amount_due else 0 end) as amount_payable
    from documents
    group by agreement_id, due_date
),

offsets as (
    select
        sides.agreement_id,
        sides.due_date,
        least(sides.amount_receivable, sides.amount_payable) as amount,
        greatest(
            sides.due_date, sides.last_issue_date, coalesce(closed.first_open_date, sides.due_date)
        ) as netting_date,
        'atlas_etrm:netting:' || sides.agreement_id || ':' || sides.due_date || ':'
        || (coalesce(begun.offset_count, 0) + 1) as reference_number
    from sides
    cross join {{ ref('int_posting__closed_through') }} as closed
    left join begun
        on 'atlas_etrm:netting:' || sides.agreement_id || ':' || sides.due_date = begun.group_key
    where
        least(sides.amount_receivable, sides.amount_payable) > 0
        and coalesce(begun.is_complete, true)
),

running as (
    select
        documents.*,
        offsets.amount,
        offsets.netting_date,
        offsets.reference_number,
        sum(documents.amount_due) over (
            partition by documents.agreement_id, documents.due_date, documents.side
            order by documents.issue_date asc, documents.document_id asc
            rows between unbounded preceding and current row
        ) - documents.amount_due as amount_before
    from documents
    inner join offsets
        on
            documents.agreement_id = offsets.agreement_id
            and documents.due_date = offsets.due_date
)

select
    reference_number,
    agreement_id,
    counterparty_id,
    currency_code,
    due_date,
    netting_date,
    side,
    party_id,
    document_id,
    document_number,
    issue_date,
    amount as amount_of_offset,
    least(amount_due, amount - amount_before)::decimal(20, 4) as amount_offset
from running
where amount > amount_before
