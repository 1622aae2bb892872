-- Entries without a document, as our rules derive them. What takes an entry back takes back what was posted: where the
-- books hold other figures than the rule gives by now, their lines with the sides exchanged, so that both come to zero.
-- One row per journal line.
with by_rule as (
    select * from {{ ref('int_posting__adjusting_entries_by_rule') }}
),

taken_back as (
    select distinct reverses_journal_entry_id as journal_entry_id
    from by_rule
    where reverses_journal_entry_id is not null
),

-- What is taken back and stands in the books.
posted as (
    select
        booked.journal_entry_id,
        lines.line_number,
        coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account,
        lines.entry_side,
        lines.amount,
        coalesce(lines.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code
    from {{ ref('int_posting__entries_in_books') }} as booked
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    inner join taken_back
        on booked.journal_entry_id = taken_back.journal_entry_id
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on booked.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
    where booked.is_posted and lines.amount <> 0
),

booked_entries as (
    select distinct journal_entry_id from posted
),

posted_balances as (
    select
        journal_entry_id,
        gl_account,
        sum(case entry_side when 'debit' then amount else -amount end) as amount
    from posted
    group by journal_entry_id, gl_account
),

rule_balances as (
    select
        by_rule.journal_entry_id,
        by_rule.gl_account,
        min(by_rule.line_type) as line_type,
        sum(case by_rule.entry_side when 'debit' then by_rule.amount else -by_rule.amount end) as amount
    from by_rule
    inner join booked_entries
        on by_rule.journal_entry_id = booked_entries.journal_entry_id
    where by_rule.amount <> 0
    group by by_rule.journal_entry_id, by_rule.gl_account
),

posted_otherwise as (
    select distinct coalesce(posted_balances.journal_entry_id, rule_balances.journal_entry_id) as journal_entry_id
    from posted_balances
    full outer join rule_balances
        on
            posted_balances.journal_entry_id = rule_balances.journal_entry_id
            and posted_balances.gl_account = rule_balances.gl_account
    where coalesce(posted_balances.amount, 0) <> coalesce(rule_balances.amount, 0)
),

replaced as (
    select
        by_rule.journal_entry_id,
        by_rule.posting_rule,
        by_rule.revision,
        by_rule.reverses_journal_entry_id,
        by_rule.source_system,
        by_rule.source_document_type,
        by_rule.source_document_id,
        by_rule.entry_date,
        by_rule.direction,
        max(by_rule.order_id) as order_id,
        min(by_rule.description) as description,
        max(by_rule.counterparty_id_atlas_etrm) as counterparty_id_atlas_etrm,
        max(by_rule.customer_id) as customer_id,
        max(by_rule.vendor_id) as vendor_id,
        max(by_rule.vat_treatment) as vat_treatment,
        max(by_rule.vat_reason) as vat_reason
    from by_rule
    inner join posted_otherwise
        on by_rule.reverses_journal_entry_id = posted_otherwise.journal_entry_id
    group by all
)

select by_rule.*
from by_rule
left join replaced
    on by_rule.journal_entry_id = replaced.journal_entry_id
where replaced.journal_entry_id is null

union all by name

select
    replaced.*,
    null::date as rate_date,
    1 as line_rank,
    posted.line_number::bigint as line_order,
    coalesce(rule_balances.line_type, 'adjustment') as line_type,
    posted.gl_account,
    case posted.entry_side when 'debit' then 'credit' else 'debit' end as entry_side,
    posted.amount::decimal(20, 4) as amount,
    posted.currency_code,
    null::decimal(20, 4) as amount_base,
    false as is_posted,
    null::bigint as order_item_id
from replaced
inner join posted
    on replaced.reverses_journal_entry_id = posted.journal_entry_id
left join rule_balances
    on
        posted.journal_entry_id = rule_balances.journal_entry_id
        and posted.gl_account = rule_balances.gl_account
