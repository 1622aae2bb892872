-- Where an order and the accounting document born from it have come apart. What can be corrected is (a warning until it
-- is done); else what is posted stays as the document says, and the order is held until a person mends it.
-- One row per finding, order and document type.
with sides as (
    select
        orders.order_id,
        orders.order_status,
        orders.status_role,
        documents.document_type,
        documents.document_number,
        documents.is_voided,
        documents.is_voided_by_us,
        documents.live_document_count,
        orders.is_refused
    from {{ ref('int_settlement__orders') }} as orders
    inner join {{ ref('int_posting__order_documents') }} as documents
        on
            orders.order_id = documents.order_id
            and documents.link = 'key'
),

corrections as (
    select
        corrections.*,
        'The ' || corrections.document_type || ' ' || coalesce(corrections.document_number, '(unnumbered)')
        || ' is over ' || {{ money_text('amount_of_document') }} || ' '
        || coalesce(corrections.currency_of_document, '') || ', '
        || case corrections.cause
            when 'refused' then 'but the order is in status "' || coalesce(corrections.order_status, '(none)') || '".'
            when 'account' then 'and the order''s lines now name other accounts.'
            when 'counterparty' then 'and made out to another counterparty than the order names now.'
            else
                'the order''s lines over ' || {{ money_text('amount_of_order') }} || ' '
                || corrections.currency_code || '.'
        end as described
    from {{ ref('int_posting__corrections') }} as corrections
)

select
    'document_voided' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    'The ' || document_type || ' ' || coalesce(document_number, '(unnumbered)')
    || ' was voided in Atlas Accounting; it is not made again.' as message,
    'Reject the order in ATLAS ETRM, or book it by hand and write its number to erpCode.' as remedy
from sides
where is_voided and not is_voided_by_us and not is_refused and coalesce(status_role, 'unknown') <> 'draft'

union all

select
    'duplicate_document' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    live_document_count || ' ' || document_type || 's carry the key of this order.' as message,
    'Void all but one of them in Atlas Accounting.' as remedy
from sides
where live_document_count > 1

union all

select
    case blocked_by
        when 'changed_by_hand' then 'document_mismatch'
        when 'closed_period' then 'correction_in_closed_period'
        when 'draft_entry' then 'stale_draft_of_order'
        else 'correction_of_paid_document'
    end as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    described || case blocked_by
        when 'changed_by_hand' then ' Somebody edited the ' || document_type || ' after it was made.'
        when 'paid' then ' It is paid, and a paid ' || document_type || ' cannot be voided.'
        when 'partly_paid' then ' It is partly paid, and cannot be voided.'
        when 'draft_entry' then ' It is the draft of a journal entry, which cannot be reversed.'
        else ' It is dated ' || document_date || ', in a closed period.'
    end as message,
    case blocked_by
        when 'changed_by_hand'
            then 'Undo the change of the order in ATLAS ETRM, or void the document and book the difference by hand.'
        when 'draft_entry' then 'Delete the draft in Atlas Accounting; it is made anew where it is still due.'
        when 'closed_period'
            then
                'Undo the change of the order in ATLAS ETRM; or reopen the period in Atlas Accounting (and '
                || 'COMPANY__BOOKS_CLOSED_THROUGH); or settle the difference with a further order.'
        else
            'Undo the change of the order in ATLAS ETRM; or take the payment off the document in Atlas Accounting, and '
            || 'the correction follows; or settle the difference with a further order.'
    end as remedy
from corrections
where blocked_by in ('changed_by_hand', 'paid', 'partly_paid', 'closed_period', 'draft_entry')

union all

select
    'correction_refused' as exception_code,
    'hold' as severity,
    corrections.order_id,
    corrections.document_type,
    corrections.described || ' Atlas Accounting refused to void it: '
    || coalesce(voids.reason, 'no reason given') || '.' as message,
    'Void the document by hand in Atlas Accounting, and the correction follows; or undo the change of the order.'
        as remedy
from corrections
inner join {{ ref('stg_operations__document_voids') }} as voids
    on
        corrections.document_type = voids.document_type
        and corrections.document_id = voids.document_id
        and voids.delivery_status in ('rejected', 'held')
where corrections.blocked_by is null

union all

select
    'correction_due' as exception_code,
    'warn' as severity,
    order_id,
    document_type,
    described || case when is_entry then ' It is to be reversed' else ' It is to be voided' end
    || case when cause = 'refused' then '.' else ' and made anew as revision ' || next_revision || '.' end as message,
    'None: the correction is in the plan, unless the order is held. To keep the document, undo the change of the '
    || 'order in ATLAS ETRM.' as remedy
from corrections
where blocked_by is null

union all

-- Under way again only because READY_STATUSES leaves its status out: nothing is taken back for a setting.
select
    'refused_after_posting' as exception_code,
    'hold' as severity,
    order_id,
    document_type,
    'The order is back in status "' || order_status || '", but the ' || document_type || ' '
    || coalesce(document_number, '(unnumbered)') || ' stands.' as message,
    'Approve the order again, or reject it in ATLAS ETRM; or name its status in READY_STATUSES.' as remedy
from sides
where not is_voided and status_role in ('draft', 'rejected') and not is_refused

union all

-- Our key stands at its beginning, so it was made for the order; posting another would book the order twice.
select
    'unreadable_order_entry' as exception_code,
    'hold' as severity,
    orders.order_id,
    'journal_entry' as document_type,
    'Journal entry ' || coalesce(entries.entry_number, entries.journal_entry_id_atlas_accounting)
    || ' carries the key of this order, but no line of it says which party owes by when.' as message,
    'Delete it in Atlas Accounting where it is a draft; else write its number to the order''s erpCode in ATLAS ETRM: '
    || 'it then counts as booked elsewhere.' as remedy
from {{ ref('stg_atlas_accounting__journal_entries') }} as entries
inner join {{ ref('int_settlement__orders') }} as orders
    on
        case
            when regexp_full_match(entries.journal_key, 'atlas_etrm:order:[0-9]+(:r[0-9]+)?')
                then try_cast(regexp_extract(entries.journal_key, '[0-9]+') as bigint)
        end = orders.order_id
        and not orders.is_posted_elsewhere
left join {{ ref('stg_atlas_accounting__order_entries') }} as readable
    on entries.journal_entry_id_atlas_accounting = readable.journal_entry_id_atlas_accounting
where readable.journal_entry_id_atlas_accounting is null and coalesce(entries.source_type, '') <> 'reversal'
