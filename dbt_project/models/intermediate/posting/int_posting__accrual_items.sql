-- Settlement lines delivered by a month's end and in no order yet (calculated or edited), as they were known then,
-- with the part of their net that had been delivered: by days, where delivery goes on beyond the month. VAT is not
-- accrued: nothing has been invoiced.
-- One row per month end and line, held ones with the reason.
with parameters as (
    select currency_code from {{ ref('stg_operations__run_parameters') }}
),

known as (
    select
        versions.*,
        months.month_end_date,
        months.period,
        months.known_through_at
    from {{ ref('int_posting__month_ends') }} as months
    inner join {{ ref('stg_atlas_etrm__order_item_versions') }} as versions
        on
            months.event = 'accrual'
            and months.known_through_at >= versions.landed_at
            and months.known_through_at < coalesce(versions.next_landed_at, 'infinity'::timestamptz)
    where
        not versions.is_deleted
        and versions.item_status in ('calculated', 'edited')
        and coalesce(versions.start_compensation_date, versions.end_compensation_date, months.month_end_date)
        <= months.month_end_date
),

delivered as (
    select
        known.*,
        case known.cashflow when 'active' then 'receivable' when 'passive' then 'payable' end as direction,
        known.end_compensation_date - coalesce(known.start_compensation_date, known.end_compensation_date) + 1
            as days_total,
        least(known.end_compensation_date, known.month_end_date)
        - coalesce(known.start_compensation_date, known.end_compensation_date) + 1 as days_delivered,
        coalesce(known.gl_account, counterparties.gl_account) as effective_gl_account,
        counterparties.counterparty_id is not null as is_counterparty_known,
        counterparties.legal_name,
        parameters.currency_code
    from known
    cross join parameters
    left join {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
        on known.counterparty_id = counterparties.counterparty_id
),

measured as (
    select
        delivered.*,
        {{ money(
            exact_quotient('abs(delivered.amount) * delivered.days_delivered', 'delivered.days_total'),
            'delivered.currency_code',
            or_null=true
        ) }} as net_amount,
        {{ exact_quotient('abs(delivered.volume_mwh) * delivered.days_delivered', 'delivered.days_total') }}
            as volume_delivered_mwh,
        -- Passive may be written with either sign, but not with both at once.
        coalesce(
            min(sign(delivered.amount)) over signs < 0 and max(sign(delivered.amount)) over signs > 0, false
        ) as has_both_signs
    from delivered
    where
        delivered.days_total > 0
        and abs(coalesce(delivered.amount, 0)) < 1000000000000000
        and abs(coalesce(delivered.volume_mwh, 0)) < 1000000000000000
    window signs as (partition by delivered.month_end_date, delivered.counterparty_id, delivered.direction)

    union all by name

    select
        delivered.*,
        null::decimal(20, 4) as net_amount,
        false as has_both_signs
    from delivered
    where
        coalesce(delivered.days_total, 0) <= 0
        or abs(coalesce(delivered.amount, 0)) >= 1000000000000000
        or abs(coalesce(delivered.volume_mwh, 0)) >= 1000000000000000
)

select
    'atlas_etrm:accrual:' || measured.period || ':' || coalesce(measured.counterparty_id::varchar, 'none') || ':'
    || coalesce(measured.direction, 'none') as journal_entry_id,
    measured.period,
    measured.month_end_date,
    measured.order_item_id,
    measured.deal_name,
    measured.counterparty_id,
    measured.legal_name,
    measured.direction,
    measured.effective_gl_account as gl_account,
    measured.net_amount,
    measured.volume_delivered_mwh,
    measured.currency_code,
    measured.days_delivered,
    measured.days_total,
    measured.landed_at,
    case
        when measured.amount is null or measured.direction is null then 'missing_amount'
        when measured.days_total is null then 'missing_delivery_period'
        when measured.days_total <= 0 then 'impossible_delivery_period'
        when measured.net_amount is null then 'amount_out_of_range'
        when not measured.is_counterparty_known then 'unknown_counterparty'
        when measured.direction = 'receivable' and measured.amount < 0 then 'sign_conflict'
        when measured.direction = 'payable' and measured.has_both_signs then 'sign_conflict'
        when measured.effective_gl_account is null then 'missing_gl_account'
    end as hold_code
from measured
