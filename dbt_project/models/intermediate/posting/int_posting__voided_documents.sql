-- Documents that were voided after they had been posted, and those that are about to be (int_posting__corrections): the
-- entry each was posted under and the day on which that is reversed, the later of its own date and the first day that
-- was open when the void was seen.
-- One row per document to reverse.
with keyed as (
    -- Of several documents with one key the order's entry is that of the living one, else of the first.
    select
        documents.*,
        row_number() over (
            partition by documents.document_type, documents.order_id, documents.order_revision
            order by documents.is_voided asc, documents.created_at asc nulls last, documents.document_id asc
        ) = 1 as is_carrier
    from (
        select
            'invoice' as document_type,
            invoice_id as document_id,
            order_id,
            order_revision,
            is_voided,
            is_issued,
            reversal_date,
            created_at
        from {{ ref('stg_atlas_accounting__invoices') }}

        union all

        select
            'bill' as document_type,
            bill_id as document_id,
            order_id,
            order_revision,
            is_voided,
            is_issued,
            reversal_date,
            created_at
        from {{ ref('stg_atlas_accounting__bills') }}
    ) as documents
),

voided as (
    select
        keyed.document_type,
        keyed.document_id,
        keyed.order_id,
        keyed.order_revision,
        keyed.order_id is not null and keyed.is_carrier as is_of_order,
        true as is_posted,
        histories.issued_date as document_date,
        keyed.reversal_date,
        histories.voided_seen_at
    from keyed
    inner join {{ ref('stg_atlas_accounting__document_histories') }} as histories
        on
            keyed.document_type = histories.document_type
            and keyed.document_id = histories.document_id
    where keyed.is_voided and histories.was_issued

    union all

    select
        corrections.document_type,
        corrections.document_id,
        corrections.order_id,
        corrections.document_revision as order_revision,
        true as is_of_order,
        false as is_posted,
        corrections.document_date,
        null::date as reversal_date,
        null::timestamptz as voided_seen_at
    from {{ ref('int_posting__corrections') }} as corrections
    inner join {{ ref('int_posting__order_side_sources') }} as sources
        on
            corrections.order_id = sources.order_id
            and corrections.direction = sources.direction
            and sources.is_correction_due
    where corrections.is_issued
)

select
    voided.document_type,
    voided.document_id,
    voided.order_id,
    voided.order_revision,
    voided.is_of_order,
    voided.is_posted,
    voided.document_date,
    voided.voided_seen_at,
    coalesce(
        -- Of an entry the books hold the reversal, with its day.
        voided.reversal_date,
        greatest(voided.document_date, coalesce(closings.first_open_date, voided.document_date))
    ) as reversal_date,
    case
        when voided.is_of_order then {{ order_entry_id('voided.order_id', 'voided.order_revision') }}
        else 'atlas_accounting:' || voided.document_type || ':' || voided.document_id
    end as journal_entry_id,
    -- Invoice and bill of one order may be taken back at different times, so each has a reversal of its own.
    case
        when voided.is_of_order
            then
                {{ order_entry_id('voided.order_id', 'voided.order_revision') }}
                || ':' || voided.document_type || ':reversal'
        else 'atlas_accounting:' || voided.document_type || ':' || voided.document_id || ':reversal'
    end as reversal_entry_id
from voided
left join {{ ref('int_posting__closings') }} as closings
    on
        coalesce(voided.voided_seen_at, '9999-12-30'::timestamptz) >= closings.known_at
        and coalesce(voided.voided_seen_at, '9999-12-30'::timestamptz) < closings.known_until
