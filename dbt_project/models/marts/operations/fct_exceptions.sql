-- Everything that stopped alone or deserves a look: held orders, findings between systems, records that could not be
-- read, deliveries refused or without a known outcome.
-- One row per exception code, system, record type and record.
with latest_deliveries as (
    -- What was refused once and then went through with other content is mended.
    select *
    from {{ ref('fct_deliveries') }}
    qualify
        row_number() over (
            partition by destination, sync_name, sync_key
            order by intended_at desc nulls last, delivery_id desc nulls last
        ) = 1
),

unreadable_records as (
    -- A record may have been set aside more than once; the newest reason counts. What was settled since is done.
    select
        system as source_system,
        table_name,
        coalesce(record_key, 'unknown') as record_key,
        reason
    from {{ source('quarantine', 'records') }}
    where resolved_at is null
    qualify
        row_number() over (
            partition by system, table_name, coalesce(record_key, 'unknown')
            order by quarantined_at desc nulls last, payload desc nulls last
        ) = 1
),

out_of_range as (
    select
        'atlas_etrm' as source_system,
        record_type,
        record_id
    from {{ ref('stg_atlas_etrm__amounts_out_of_range') }}
    union all
    select
        'atlas_accounting' as source_system,
        record_type,
        record_id
    from {{ ref('stg_atlas_accounting__amounts_out_of_range') }}
    union all
    select
        'atlar' as source_system,
        record_type,
        record_id
    from {{ ref('stg_atlar__amounts_out_of_range') }}
),

findings as (
    {% for found_in in [
        'int_settlement__exceptions',
        'int_posting__exceptions',
        'int_posting__bank_charge_exceptions',
        'int_reconciliation__exceptions',
        'int_posting__adjusting_entry_exceptions',
        'int_write_back__exceptions'
    ] %}
        select
            exception_code,
            severity,
            source_system,
            record_type,
            record_id,
            message,
            remedy,
            order_id
        from {{ ref(found_in) }}

        union all

    {% endfor %}
    select
        'unreadable_record' as exception_code,
        'warn' as severity,
        source_system,
        table_name as record_type,
        record_key as record_id,
        'The record was set aside: ' || coalesce(reason, 'no reason given') || '.' as message,
        'Correct the record at the vendor; it is read again with the next run.' as remedy,
        null::bigint as order_id
    from unreadable_records

    union all

    select
        'record_out_of_range' as exception_code,
        'hold' as severity,
        source_system,
        record_type,
        record_id,
        'An amount of the record is beyond anything money is kept in; what was known of it before goes on counting.'
            as message,
        'Correct the amount at its source; the record is read again with the next run.' as remedy,
        null::bigint as order_id
    from out_of_range

    union all

    select
        'held_by_person' as exception_code,
        'hold' as severity,
        'tieout' as source_system,
        case when order_id is null then 'record' else 'order' end as record_type,
        coalesce(order_id::varchar, record) as record_id,
        'Held by ' || held_by || ' since ' || strftime(held_at at time zone 'UTC', '%Y-%m-%d') || ': ' || hold_reason
            as message,
        'Nothing is written for it until somebody releases it: tieout release ' || record || '.' as remedy,
        order_id
    from {{ ref('stg_operations__holds') }}
    where released_at is null

    union all

    select
        'delivery_' || status as exception_code,
        'warn' as severity,
        destination as source_system,
        sync_name as record_type,
        sync_key as record_id,
        coalesce(record_label, sync_key) || coalesce(': ' || reason, '') as message,
        case status
            when 'unknown' then 'None: the next run looks it up at the vendor before anything is sent again.'
            when 'held' then 'See the reason; nothing is sent until it is mended.'
            else 'Correct the record at its source; the same content is not sent again.'
        end as remedy,
        order_id
    from latest_deliveries
    where status in ('rejected', 'unknown', 'held')
)

select
    findings.exception_code,
    findings.severity,
    findings.source_system,
    findings.record_type,
    findings.record_id,
    string_agg(distinct findings.message, ' ' order by findings.message) as message,
    -- What the finding itself says goes before what holds for its code in general.
    coalesce(min(findings.remedy), min(codes.remedy)) as remedy,
    min(findings.order_id) as order_id,
    min(codes.meaning) as meaning
from findings
left join {{ ref('exception_codes') }} as codes on findings.exception_code = codes.exception_code
group by
    findings.exception_code, findings.severity, findings.source_system, findings.record_type, findings.record_id
