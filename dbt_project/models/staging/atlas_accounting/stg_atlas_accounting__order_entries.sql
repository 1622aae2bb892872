-- Journal entries that stand for a side of an order, in the shape of the raw document they take the place of
-- (POSTING_MODE=journal_entries): what the control account's line says is the total, its description names party and
-- due date, the lines on the other side are the document's. A draft is a draft, a posted entry is issued, and one that
-- was reversed since (by an entry of ours, or by a person in the books) is voided, on the day of the reversal.
-- One row per entry, side and landed version; tombstones among them.
with versions as (
    select
        id as entry_id,
        company_id,
        entry_number,
        entry_date,
        description,
        {{ journal_key('description') }} as journal_key,
        lower(coalesce(status, 'draft')) as entry_status,
        coalesce(lower(source_type), '') = 'reversal' as is_made_by_vendor,
        currency,
        lines,
        created_at,
        updated_at,
        _landed_at,
        _landing_file,
        coalesce(_is_deleted, false) as _is_deleted
    from {{ source('raw_atlas_accounting', 'journal_entries') }}
    where {{ amounts_in_range(source('raw_atlas_accounting', 'journal_entries')) }}
),

order_entries as (
    select *
    from versions
    where
        regexp_full_match(journal_key, 'atlas_etrm:order:[0-9]+(:r[0-9]+)?')
        and not is_made_by_vendor
        and not _is_deleted
),

lines as (
    select
        order_entries.entry_id,
        order_entries._landed_at,
        order_entries._landing_file,
        item.position as line_number,
        {{ json_text('item.element', 'account_id') }} as account_id,
        lower({{ json_text('item.element', 'entry_type') }}) as entry_side,
        {{ json_decimal('item.element', 'amount') }} as amount,
        {{ json_text('item.element', 'description') }} as description
    from order_entries
    cross join {{ json_elements('order_entries.lines') }}
),

-- The control line of each side: `customer <id> due <date>`, `vendor <id> due <date>` (sync_atlas_accounting__journal_
-- entries). The other lines of a side are those opposite: an order's lines are never below zero.
tagged as (
    select
        lines.*,
        case
            when lines.entry_side = 'debit' and regexp_matches(lines.description, '^customer \S+ due \S+$')
                then 'receivable'
            when lines.entry_side = 'credit' and regexp_matches(lines.description, '^vendor \S+ due \S+$')
                then 'payable'
        end as control_of,
        case lines.entry_side when 'credit' then 'receivable' else 'payable' end as opposite_of
    from lines
),

sides as (
    select
        entry_id,
        _landed_at,
        _landing_file,
        control_of as side,
        split_part(min(description), ' ', 2) as party_id,
        try_cast(split_part(min(description), ' ', 4) as date) as due_date,
        sum(amount) as amount,
        count(*) over (partition by entry_id, _landed_at, _landing_file) > 1 as is_mixed
    from tagged
    where control_of is not null
    group by entry_id, _landed_at, _landing_file, control_of
),

document_lines as (
    select
        sides.entry_id,
        sides._landed_at,
        sides._landing_file,
        sides.side,
        to_json(list(
            json_object(
                'account_id', tagged.account_id,
                'amount', tagged.amount::varchar,
                'description', tagged.description
            ) order by tagged.line_number
        ))::varchar as lines
    from sides
    inner join tagged
        on
            sides.entry_id = tagged.entry_id
            and sides._landed_at = tagged._landed_at
            and sides._landing_file = tagged._landing_file
            and sides.side = tagged.opposite_of
            and tagged.control_of is null
    group by sides.entry_id, sides._landed_at, sides._landing_file, sides.side
),

entry_sides as (
    select distinct
        entry_id,
        side
    from sides
),

-- Entries that take a side of an order back, since they were first seen posted: ours name the side in their key, a
-- person's reversal in the books repeats our description and takes back all of it.
reversals as (
    select
        entry_id as reversal_entry_id,
        case
            when is_made_by_vendor
                then nullif(regexp_extract(description, '(atlas_etrm:order:[0-9]+(?::r[0-9]+)?)(?:\s|$)', 1), '')
            else regexp_replace(journal_key, ':(invoice|bill):reversal$', '')
        end as journal_key,
        case
            when is_made_by_vendor then null
            when journal_key like '%:invoice:reversal' then 'receivable'
            else 'payable'
        end as side,
        entry_date as reversal_date,
        is_made_by_vendor,
        min(_landed_at) as landed_at,
        min_by(_landing_file, _landed_at) as landing_file
    from versions
    where
        entry_status in ('posted', 'reversed')
        and not _is_deleted
        and (
            regexp_full_match(journal_key, 'atlas_etrm:order:[0-9]+(:r[0-9]+)?:(invoice|bill):reversal')
            or is_made_by_vendor
        )
    group by all
),

-- Of several entries with one key the oldest posted one is taken back.
carriers as (
    select
        journal_key,
        min_by(entry_id, (coalesce(created_at, '9999-12-30'::timestamptz), entry_id)) as entry_id
    from order_entries
    where entry_status in ('posted', 'reversed')
    group by journal_key
),

taken_back as (
    select
        carriers.entry_id,
        sides.side,
        reversals.reversal_entry_id,
        reversals.reversal_date,
        reversals.is_made_by_vendor,
        reversals.landed_at,
        reversals.landing_file
    from carriers
    inner join reversals on carriers.journal_key = reversals.journal_key
    inner join entry_sides as sides
        on
            carriers.entry_id = sides.entry_id
            and coalesce(reversals.side, sides.side) = sides.side
    qualify
        row_number() over (
            partition by carriers.entry_id, sides.side
            order by reversals.landed_at asc, reversals.reversal_entry_id asc
        ) = 1
),

-- A reversal is a version of what it takes back, as it was known then.
moments as (
    select -- noqa: AM07
        entry_id,
        side,
        _landed_at as content_landed_at,
        _landing_file as content_landing_file,
        _landed_at as landed_at,
        _landing_file as landing_file
    from sides

    union all

    select
        taken_back.entry_id,
        taken_back.side,
        max(sides._landed_at) as content_landed_at,
        max_by(sides._landing_file, sides._landed_at) as content_landing_file,
        taken_back.landed_at,
        taken_back.landing_file
    from taken_back
    inner join sides
        on
            taken_back.entry_id = sides.entry_id
            and taken_back.side = sides.side
            and taken_back.landed_at > sides._landed_at
    group by taken_back.entry_id, taken_back.side, taken_back.landed_at, taken_back.landing_file
)

select
    sides.side,
    {{ order_entry_document_id('sides.entry_id', 'sides.side') }} as document_id,
    sides.entry_id as journal_entry_id_atlas_accounting,
    entries.company_id,
    coalesce(entries.entry_number, sides.entry_id)
    || case when not sides.is_mixed then '' when sides.side = 'receivable' then '-AR' else '-AP' end
        as document_number,
    sides.party_id,
    entries.entry_date as document_date,
    coalesce(sides.due_date, entries.entry_date) as due_date,
    entries.currency,
    case
        when entries.entry_status = 'reversed' or taken_back.entry_id is not null then 'voided'
        else entries.entry_status
    end as document_status,
    sides.amount as total_amount,
    entries.journal_key,
    document_lines.lines,
    entries.created_at,
    entries.updated_at,
    taken_back.reversal_entry_id,
    taken_back.reversal_date,
    coalesce(not taken_back.is_made_by_vendor, false) as is_reversed_by_us,
    moments.landed_at as _landed_at,
    moments.landing_file as _landing_file,
    false as _is_deleted
from moments
inner join sides
    on
        moments.entry_id = sides.entry_id
        and moments.side = sides.side
        and moments.content_landed_at = sides._landed_at
        and moments.content_landing_file = sides._landing_file
inner join order_entries as entries
    on
        sides.entry_id = entries.entry_id
        and sides._landed_at = entries._landed_at
        and sides._landing_file = entries._landing_file
left join document_lines
    on
        sides.entry_id = document_lines.entry_id
        and sides._landed_at = document_lines._landed_at
        and sides._landing_file = document_lines._landing_file
        and sides.side = document_lines.side
left join taken_back
    on
        moments.entry_id = taken_back.entry_id
        and moments.side = taken_back.side
        and moments.landed_at >= taken_back.landed_at

union all by name -- noqa: AM07

select
    sides.side,
    {{ order_entry_document_id('sides.entry_id', 'sides.side') }} as document_id,
    sides.entry_id as journal_entry_id_atlas_accounting,
    tombstones._landed_at,
    tombstones._landing_file,
    true as _is_deleted
from entry_sides as sides
inner join versions as tombstones
    on sides.entry_id = tombstones.entry_id and tombstones._is_deleted
