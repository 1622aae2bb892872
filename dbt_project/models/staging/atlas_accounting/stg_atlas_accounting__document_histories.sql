-- What the kept versions of invoices and bills tell beyond the latest: whether a document was ever issued and with what
-- content, since when it has been void, and whether its content changed after it was first seen (a draft of ours that
-- somebody else has edited is not ours to replace).
-- One row per document that still exists.
with versions as (
    select
        'invoice' as document_type,
        id as document_id,
        customer_id as party_id,
        invoice_date as document_date,
        currency as currency_code,
        lower(coalesce(status, 'draft')) as document_status,
        total_amount as amount_total,
        tax_amount as amount_tax,
        lines::json as lines,
        _landed_at as landed_at,
        _landing_file as landing_file,
        coalesce(_is_deleted, false) as is_deleted
    from {{ with_order_entries('invoices') }}

    union all

    select
        'bill' as document_type,
        id as document_id,
        vendor_id as party_id,
        bill_date as document_date,
        currency as currency_code,
        lower(coalesce(status, 'draft')) as document_status,
        total_amount as amount_total,
        tax_amount as amount_tax,
        lines::json as lines,
        _landed_at as landed_at,
        _landing_file as landing_file,
        coalesce(_is_deleted, false) as is_deleted
    from {{ with_order_entries('bills') }}
),

numbered as (
    select
        versions.*,
        versions.document_status not in ('draft', 'pending', 'voided') as is_issued,
        row_number() over (
            partition by versions.document_type, versions.document_id
            order by versions.landed_at asc nulls first, versions.landing_file asc nulls first
        ) as version_number
    from versions
),

facts as (
    select
        document_type,
        document_id,
        max(version_number) as latest_version,
        min(version_number) filter (where not is_deleted) as first_version,
        max(version_number) filter (where is_issued) as issued_version,
        coalesce(max(version_number) filter (where document_status <> 'voided'), 0) as version_before_void,
        count(distinct lines) > 1
        or count(distinct party_id) > 1
        or count(distinct coalesce(amount_total, 0)) > 1
        or count(distinct coalesce(currency_code, '')) > 1 as may_have_changed
    from numbered
    group by document_type, document_id
),

ends as (
    select
        facts.document_type,
        facts.document_id,
        numbered.version_number,
        numbered.party_id,
        numbered.amount_total,
        numbered.currency_code,
        numbered.lines
    from facts
    inner join numbered
        on
            facts.document_type = numbered.document_type
            and facts.document_id = numbered.document_id
            and numbered.version_number in (facts.first_version, facts.latest_version)
    where facts.may_have_changed
),

-- What a document says, however its JSON is written: party, totals and each line's account and amount.
contents as (
    select
        ends.document_type,
        ends.document_id,
        ends.version_number,
        concat_ws(
            '|',
            ends.party_id,
            ends.amount_total,
            ends.currency_code,
            string_agg(
                coalesce(
                    {{ json_text('item.element', 'revenue_account_id') }},
                    {{ json_text('item.element', 'expense_account_id') }},
                    {{ json_text('item.element', 'account_id') }},
                    ''
                ) || ' ' || coalesce(
                    {{ json_decimal('item.element', 'amount') }},
                    ({{ json_decimal('item.element', 'quantity') }} * {{ json_decimal('item.element', 'unit_price') }})
                    ::decimal(38, 10),
                    0
                ),
                ', ' order by item.position
            )
        ) as content
    from ends
    cross join {{ json_elements('ends.lines') }}
    group by
        ends.document_type, ends.document_id, ends.version_number, ends.party_id, ends.amount_total,
        ends.currency_code
),

changed as (
    select
        document_type,
        document_id
    from contents
    group by document_type, document_id
    having count(distinct content) > 1
)

select
    facts.document_type,
    facts.document_id,
    first_versions.landed_at as first_seen_at,
    facts.issued_version is not null as was_issued,
    changed.document_id is not null as has_changed_since_made,
    latest_versions.document_status = 'voided' as is_voided,
    voided_versions.landed_at as voided_seen_at,
    issued_versions.party_id as issued_party_id,
    issued_versions.document_date as issued_date,
    issued_versions.currency_code as issued_currency_code,
    issued_versions.amount_total as issued_amount_total,
    issued_versions.amount_tax as issued_amount_tax,
    issued_versions.lines as issued_lines
from facts
inner join numbered as latest_versions
    on
        facts.document_type = latest_versions.document_type
        and facts.document_id = latest_versions.document_id
        and facts.latest_version = latest_versions.version_number
        and not latest_versions.is_deleted
inner join numbered as first_versions
    on
        facts.document_type = first_versions.document_type
        and facts.document_id = first_versions.document_id
        and facts.first_version = first_versions.version_number
left join numbered as issued_versions
    on
        facts.document_type = issued_versions.document_type
        and facts.document_id = issued_versions.document_id
        and facts.issued_version = issued_versions.version_number
left join numbered as voided_versions
    on
        facts.document_type = voided_versions.document_type
        and facts.document_id = voided_versions.document_id
        and case when latest_versions.document_status = 'voided' then facts.version_before_void + 1 end
        = voided_versions.version_number
left join changed
    on
        facts.document_type = changed.document_type
        and facts.document_id = changed.document_id
