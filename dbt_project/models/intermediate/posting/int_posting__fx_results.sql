-- What payments in another currency gained or lost, as the books are told it: in base currency, the clearing account
-- against realised differences. Atlas Accounting keeps no base amounts, so it makes none of it; the other half
-- (int_posting__realised_fx) has no amount in any currency of its ledger and is ours alone.
-- One row per journal line; one entry per payment and document with a difference, one more where it was taken back.
with results as (
    select
        settlements.*,
        greatest(settlements.realised_date, coalesce(closed.first_open_date, settlements.realised_date))
            as entry_date,
        (settlements.amount_base_paid - settlements.amount_base_carried)
        * case settlements.side when 'receivable' then 1 else -1 end as gain
    from {{ ref('int_posting__foreign_settlements') }} as settlements
    cross join {{ ref('int_posting__closed_through') }} as closed
    inner join {{ ref('posting_policies') }} as policies
        on
            policies.event = 'realised_fx'
            and settlements.first_realised_date >= policies.valid_from_date
    where settlements.amount_base_paid <> settlements.amount_base_carried
),

lines as (
    select
        results.*,
        1 as line_rank,
        'fx_clearing' as control,
        case when results.gain > 0 then 'debit' else 'credit' end as entry_side
    from results

    union all

    select
        results.*,
        2 as line_rank,
        'realised_fx' as control,
        case when results.gain > 0 then 'credit' else 'debit' end as entry_side
    from results
)

select
    'atlas_accounting:fx_result:' || lines.payment_id || ':' || lines.document_id
    || case when lines.is_reversal then ':reversal' else '' end as journal_entry_id,
    'fx_result' as posting_rule,
    1 as revision,
    case
        when lines.is_reversal
            then 'atlas_accounting:fx_result:' || lines.payment_id || ':' || lines.document_id
    end as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'fx_result' as source_document_type,
    lines.payment_id || ':' || lines.document_id as source_document_id,
    lines.entry_date,
    null::date as rate_date,
    lines.side as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.control as line_type,
    coalesce(accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    abs(lines.gain)::decimal(20, 4) as amount,
    lines.base_currency_code as currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    lines.order_id,
    null::bigint as order_item_id,
    'Exchange difference on ' || coalesce(lines.document_number, lines.document_id) as description,
    null::bigint as counterparty_id_atlas_etrm,
    case lines.side when 'receivable' then lines.party_id end as customer_id,
    case lines.side when 'payable' then lines.party_id end as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from lines
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        lines.control = accounts.control
        and lines.base_currency_code = accounts.currency_code
