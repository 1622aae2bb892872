-- Journal entries: an ATLAS order by our posting, or an accounting document, payment or manual entry by theirs.
-- One row per journal entry and, since a document has one currency, per currency.
{{ config(meta={'parts': {'by': 'journal_entry_id', 'of': ['fct_journal_entry_lines']}}) }}
select
    journal_entry_id,
    entry_date,
    case when count(distinct posting_rule) = 1 then min(posting_rule) else 'order_mixed' end as posting_rule,
    max(revision) as revision,
    max(reverses_journal_entry_id) as reverses_journal_entry_id,
    source_system,
    source_document_type,
    source_document_id,
    max(counterparty_id) as counterparty_id,
    currency_code,
    (sum(amount) filter (where entry_side = 'debit'))::decimal(38, 4) as total_debit,
    (sum(amount) filter (where entry_side = 'credit'))::decimal(38, 4) as total_credit,
    base_currency_code,
    case
        when count(amount_base) = count(*)
            then (sum(amount_base) filter (where entry_side = 'debit'))::decimal(38, 4)
    end as total_debit_base,
    case
        when count(amount_base) = count(*)
            then (sum(amount_base) filter (where entry_side = 'credit'))::decimal(38, 4)
    end as total_credit_base,
    max(base_rate_date) as base_rate_date,
    case when bool_and(posting_status = 'posted') then 'posted' else 'pending' end as posting_status,
    max(order_id) as order_id,
    count(*) as line_count
from {{ ref('fct_journal_entry_lines') }}
group by
    journal_entry_id, entry_date, source_system, source_document_type, source_document_id, currency_code,
    base_currency_code
