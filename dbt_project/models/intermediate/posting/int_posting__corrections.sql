-- Documents of ours that no longer say what their order says, because the order was changed or taken back after they
-- were made: to be voided, and where the order still stands, made anew as its next revision. `blocked_by` says what
-- stands in the way; then nothing is done and a person is told.
-- Accounts count as changed only where a line of the order names its account: when a counterparty's default account
-- changes, what was posted before stays.
-- One row per order and direction whose living document is out of date.
with sides as (
    select
        sides.*,
        orders.is_refused,
        orders.order_status,
        documents.currency_code as currency_of_document,
        documents.amount_total as amount_of_document,
        documents.party_id,
        documents.document_date as date_of_document,
        documents.has_changed_since_made,
        documents.live_document_count,
        documents.is_entry,
        documents.journal_entry_id_atlas_accounting,
        -- Made out to a party that is another counterparty's; a party that nobody is, or two are, proves nothing.
        coalesce(addressees.counterparty_id <> sides.counterparty_id, false) as is_of_another_counterparty
    from {{ ref('int_posting__order_sides') }} as sides
    inner join {{ ref('int_settlement__orders') }} as orders
        on sides.order_id = orders.order_id
    inner join {{ ref('int_posting__order_documents') }} as documents
        on
            sides.order_id = documents.order_id
            and sides.document_type = documents.document_type
    left join {{ ref('int_settlement__party_matches') }} as addressees
        on
            documents.party_id = addressees.party_id
            and addressees.side = case sides.document_type when 'invoice' then 'customer' else 'vendor' end
            and not addressees.is_ambiguous
    where sides.link = 'key' and not sides.is_voided and (orders.is_refused or orders.is_checked)
),

document_lines as (
    select
        'invoice' as document_type,
        invoice_id as document_id,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__invoice_lines') }}

    union all

    select
        'bill' as document_type,
        bill_id as document_id,
        account_id,
        amount
    from {{ ref('stg_atlas_accounting__bill_lines') }}
),

-- Per account, what the order demands of it by name, VAT included, and what the document has on it.
document_accounts as (
    select
        sides.order_id,
        sides.direction,
        coalesce(accounts.account_number, document_lines.account_id) as gl_account,
        sum(document_lines.amount) as amount
    from sides
    inner join document_lines
        on
            sides.document_type = document_lines.document_type
            and sides.document_id = document_lines.document_id
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on document_lines.account_id = accounts.account_id
    group by all
),

demanded_accounts as (
    select
        lines.order_id,
        lines.direction,
        lines.gl_account,
        sum(lines.amount) as amount
    from {{ ref('int_posting__order_lines') }} as lines
    inner join {{ ref('int_settlement__order_items') }} as items
        on lines.order_item_id = items.order_item_id
    where items.gl_account_source = 'item'
    group by all
),

differing_accounts as (
    select distinct
        demanded_accounts.order_id,
        demanded_accounts.direction
    from demanded_accounts
    left join document_accounts
        on
            demanded_accounts.order_id = document_accounts.order_id
            and demanded_accounts.direction = document_accounts.direction
            and demanded_accounts.gl_account = document_accounts.gl_account
    where demanded_accounts.amount > coalesce(document_accounts.amount, 0)
),

caused as (
    select
        sides.*,
        case
            when sides.is_refused then 'refused'
            when
                sides.amount_of_document <> sides.gross_amount
                -- The vendor lets a document leave its currency out.
                or coalesce(sides.currency_of_document, sides.currency_code) <> sides.currency_code
                then 'amount'
            when sides.is_of_another_counterparty then 'counterparty'
            when differing_accounts.order_id is not null then 'account'
        end as cause
    from sides
    left join differing_accounts
        on
            sides.order_id = differing_accounts.order_id
            and sides.direction = differing_accounts.direction
)

select
    caused.order_id,
    caused.direction,
    caused.document_type,
    caused.document_id,
    caused.document_number,
    caused.document_status,
    caused.document_revision,
    caused.next_revision,
    caused.is_issued,
    caused.is_entry,
    caused.journal_entry_id_atlas_accounting,
    caused.date_of_document as document_date,
    caused.cause,
    caused.order_status,
    caused.amount_of_document,
    caused.currency_of_document,
    caused.gross_amount as amount_of_order,
    caused.currency_code,
    case
        when caused.live_document_count > 1 then 'duplicate'
        when caused.has_changed_since_made then 'changed_by_hand'
        when caused.is_issued and caused.amount_due = 0 then 'paid'
        when caused.is_issued and caused.amount_due <> caused.amount_of_document then 'partly_paid'
        -- An entry is taken back by another, of an open day; a draft of one has nothing to take back.
        when caused.is_entry and not caused.is_issued then 'draft_entry'
        when not coalesce(caused.is_entry, false) and caused.date_of_document <= closed.closed_through_date
            then 'closed_period'
    end as blocked_by
from caused
cross join {{ ref('int_posting__closed_through') }} as closed
where caused.cause is not null
