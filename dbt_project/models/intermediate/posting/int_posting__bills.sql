-- Issued bills by their own lines: debit each line's account, debit input VAT for tax the vendor computed, credit trade
-- payables with the total. Those born from orders are among them: the books hold these, whatever we derive.
-- Those voided after they were issued are among them too, as they were issued.
-- One row per journal line of an issued bill.
with documents as (
    select
        bill_id,
        bill_date,
        currency_code,
        amount_total,
        amount_tax,
        order_id,
        vendor_id
    from {{ ref('stg_atlas_accounting__bills') }}
    where is_issued

    union all

    -- Voided after it was issued: what was posted stays, and is reversed by an entry of its own.
    select
        bills.bill_id,
        histories.issued_date as bill_date,
        histories.issued_currency_code as currency_code,
        histories.issued_amount_total as amount_total,
        histories.issued_amount_tax as amount_tax,
        bills.order_id,
        histories.issued_party_id as vendor_id
    from {{ ref('stg_atlas_accounting__bills') }} as bills
    inner join {{ ref('stg_atlas_accounting__document_histories') }} as histories
        on
            histories.document_type = 'bill'
            and bills.bill_id = histories.document_id
    where bills.is_voided and histories.was_issued
),

voided as (
    select * from {{ ref('stg_atlas_accounting__voided_document_lines') }}
    where document_type = 'bill'
),

lines as (
    select
        bill_id,
        line_number,
        description,
        amount,
        account_id
    from {{ ref('stg_atlas_accounting__bill_lines') }}
    where bill_id not in (select voided.document_id from voided)

    union all

    select
        document_id as bill_id,
        line_number,
        description,
        amount,
        account_id
    from voided
),

document_lines as (
    select
        documents.bill_id,
        lines.line_number,
        lines.description,
        lines.amount,
        coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account
    from documents
    inner join lines
        on documents.bill_id = lines.bill_id
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
),

line_sums as (
    select
        bill_id,
        sum(amount) as amount
    from document_lines
    group by bill_id
),

postings as (
    select
        documents.bill_id,
        1 as line_rank,
        0 as line_number,
        'payables' as control,
        null::varchar as gl_account,
        -documents.amount_total as amount_signed,
        null::varchar as description
    from documents

    union all

    select
        bill_id,
        2 as line_rank,
        line_number,
        null::varchar as control,
        gl_account,
        amount as amount_signed,
        description
    from document_lines

    union all

    select
        documents.bill_id,
        3 as line_rank,
        0 as line_number,
        'input_vat' as control,
        null::varchar as gl_account,
        coalesce(documents.amount_tax, 0) as amount_signed,
        'VAT' as description
    from documents

    union all

    select
        documents.bill_id,
        4 as line_rank,
        0 as line_number,
        'rounding' as control,
        null::varchar as gl_account,
        (documents.amount_total - coalesce(documents.amount_tax, 0) - coalesce(line_sums.amount, 0))
            as amount_signed,
        'Total beyond the lines' as description
    from documents
    left join line_sums
        on documents.bill_id = line_sums.bill_id
)

select
    'atlas_accounting:bill:' || documents.bill_id as journal_entry_id,
    'bill' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    'bill' as source_document_type,
    documents.bill_id as source_document_id,
    documents.bill_date as entry_date,
    null::date as rate_date,
    'payable' as direction,
    postings.line_rank,
    postings.line_number::bigint as line_order,
    case
        when postings.control is not null then postings.control
        when postings.gl_account = vat_accounts.account_number then 'input_vat'
        when postings.gl_account = rounding_accounts.account_number then 'rounding'
        else 'expense'
    end as line_type,
    coalesce(postings.gl_account, accounts.account_number, 'unknown') as gl_account,
    case when postings.amount_signed > 0 then 'debit' else 'credit' end as entry_side,
    abs(postings.amount_signed)::decimal(20, 4) as amount,
    documents.currency_code,
    null::decimal(20, 4) as amount_base,
    true as is_posted,
    documents.order_id,
    null::bigint as order_item_id,
    postings.description,
    null::bigint as counterparty_id_atlas_etrm,
    null::varchar as customer_id,
    documents.vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from postings
inner join documents
    on postings.bill_id = documents.bill_id
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        postings.control = accounts.control
        and documents.currency_code = accounts.currency_code
left join {{ ref('int_posting__control_accounts') }} as vat_accounts
    on
        vat_accounts.control = 'input_vat'
        and documents.currency_code = vat_accounts.currency_code
left join {{ ref('int_posting__control_accounts') }} as rounding_accounts
    on
        rounding_accounts.control = 'rounding'
        and documents.currency_code = rounding_accounts.currency_code
where postings.amount_signed <> 0
