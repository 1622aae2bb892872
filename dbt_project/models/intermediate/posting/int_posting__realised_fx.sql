-- What a payment in another currency brought more or less, in base currency, than its document was carried at: between
-- the control account and the account for realised differences, with no amount in the document's currency. It brings
-- the control account to zero in base currency when it is zero in its own. From the day of the posting policy the
-- result is an entry of its own, which the books get too (int_posting__fx_results), by way of the clearing account.
-- One row per journal line; one entry per payment and document with a difference, one more where it was taken back.
with differences as (
    select
        settlements.*,
        case when policies.event is null then 'realised_fx' else 'fx_clearing' end as counter_control,
        settlements.amount_base_paid - settlements.amount_base_carried as difference
    from {{ ref('int_posting__foreign_settlements') }} as settlements
    left join {{ ref('posting_policies') }} as policies
        on
            policies.event = 'realised_fx'
            and settlements.first_realised_date >= policies.valid_from_date
    where settlements.amount_base_paid <> settlements.amount_base_carried
),

lines as (
    select
        differences.*,
        1 as line_rank,
        case differences.side when 'receivable' then 'receivables' else 'payables' end as control,
        case
            when (differences.side = 'receivable') = (differences.difference > 0) then 'debit'
            else 'credit'
        end as entry_side
    from differences

    union all

    select
        differences.*,
        2 as line_rank,
        differences.counter_control as control,
        case
            when (differences.side = 'receivable') = (differences.difference > 0) then 'credit'
            else 'debit'
        end as entry_side
    from differences
)

select
    'atlas_accounting:realised_fx:' || lines.payment_id || ':' || lines.document_id
    || case when lines.is_reversal then ':reversal' else '' end as journal_entry_id,
    'realised_fx' as posting_rule,
    1 as revision,
    case
        when lines.is_reversal
            then 'atlas_accounting:realised_fx:' || lines.payment_id || ':' || lines.document_id
    end as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'realised_fx' as source_document_type,
    lines.payment_id || ':' || lines.document_id as source_document_id,
    lines.realised_date as entry_date,
    null::date as rate_date,
    lines.side as direction,
    lines.line_rank,
    0::bigint as line_order,
    lines.control as line_type,
    coalesce(accounts.account_number, 'unknown') as gl_account,
    lines.entry_side,
    0::decimal(20, 4) as amount,
    lines.currency_code,
    abs(lines.difference)::decimal(20, 4) as amount_base,
    true as is_posted,
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
        and lines.currency_code = accounts.currency_code
