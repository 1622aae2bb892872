-- Everything the settlement rules hold or warn of, in the columns of `fct_exceptions`.
-- One row per exception code and record.
{{ config(meta={'parts': {'by': 'order_id', 'of': [
    'int_settlement__order_findings',
    'int_settlement__document_findings',
    'int_settlement__warnings',
    'int_settlement__item_findings',
    'int_settlement__deal_findings',
]}}) }}
with findings as (
    select
        exception_code,
        severity,
        'atlas_etrm' as source_system,
        'order' as record_type,
        order_id::varchar as record_id,
        message,
        remedy,
        order_id
    from {{ ref('int_settlement__order_findings') }}

    union all

    select
        exception_code,
        severity,
        'atlas_etrm' as source_system,
        'order' as record_type,
        order_id::varchar as record_id,
        message,
        remedy,
        order_id
    from {{ ref('int_settlement__document_findings') }}

    union all

    select
        exception_code,
        severity,
        'atlas_etrm' as source_system,
        'order' as record_type,
        order_id::varchar as record_id,
        message,
        remedy,
        order_id
    from {{ ref('int_settlement__warnings') }}

    union all

    select
        exception_code,
        severity,
        'atlas_etrm' as source_system,
        'order_item' as record_type,
        order_item_id::varchar as record_id,
        message,
        remedy,
        order_id
    from {{ ref('int_settlement__item_findings') }}

    union all

    select
        exception_code,
        severity,
        'atlas_etrm' as source_system,
        'order_item' as record_type,
        order_item_id::varchar as record_id,
        message,
        remedy,
        order_id
    from {{ ref('int_settlement__deal_findings') }}

    union all

    select
        'ambiguous_counterparty' as exception_code,
        'hold' as severity,
        'atlas_etrm' as source_system,
        'counterparty' as record_type,
        matches.counterparty_id::varchar as record_id,
        case
            when matches.candidate_count > 1
                then 'Several ' || matches.side || 's fit by ' || replace(matches.match_method, '_', ' ') || ': '
            else 'Another counterparty is matched to the same ' || matches.side || ': '
        end || matches.candidate_codes || '.' as message,
        'Set externalId of the counterparty in ATLAS ETRM to the right code, or merge the doubles.' as remedy,
        null::bigint as order_id
    from {{ ref('int_settlement__party_matches') }} as matches
    where matches.is_ambiguous
)

select
    exception_code,
    severity,
    source_system,
    record_type,
    record_id,
    -- An order with an invoice and a bill may fail on both for the same reason.
    string_agg(distinct message, ' ' order by message) as message,
    min(remedy) as remedy,
    order_id
from findings
group by exception_code, severity, source_system, record_type, record_id, order_id
