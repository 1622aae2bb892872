{# Issued documents of a type (`invoice`, `bill`) by their own lines, as journal lines: the control account with the
   total, each line's account, VAT for tax the vendor computed, and what the total says beyond the lines. #}
{% macro document_postings(document_type) %}
    {%- set side = document_side(document_type) %}
    {%- set party = side.party ~ '_id' %}
    {%- set vat = side.line_types[1] %}
    {%- set minus = '-' if side.line_side == 'credit' else '' %}
with documents as (
    select
        {{ side.id }} as document_id,
        {{ side.date }} as document_date,
        currency_code,
        amount_total,
        amount_tax,
        order_id,
        {{ party }} as party_id
    from {{ ref(side.table) }}
    where is_issued

    union all

    -- Voided after it was issued: what was posted stays, and is reversed by an entry of its own.
    select
        histories.document_id,
        histories.issued_date as document_date,
        histories.issued_currency_code as currency_code,
        histories.issued_amount_total as amount_total,
        histories.issued_amount_tax as amount_tax,
        records.order_id,
        histories.issued_party_id as party_id
    from {{ ref(side.table) }} as records
    inner join {{ ref('stg_atlas_accounting__document_histories') }} as histories
        on
            histories.document_type = '{{ document_type }}'
            and records.{{ side.id }} = histories.document_id
    where records.is_voided and histories.was_issued
),

voided as (
    select * from {{ ref('stg_atlas_accounting__voided_document_lines') }}
    where document_type = '{{ document_type }}'
),

lines as (
    select
        {{ side.id }} as document_id,
        line_number,
        description,
        amount,
        account_id
    from {{ ref('stg_atlas_accounting__' ~ document_type ~ '_lines') }}
    where {{ side.id }} not in (select voided.document_id from voided)

    union all

    select
        document_id,
        line_number,
        description,
        amount,
        account_id
    from voided
),

document_lines as (
    select
        documents.document_id,
        lines.line_number,
        lines.description,
        lines.amount,
        coalesce(accounts.account_number, lines.account_id, 'unknown') as gl_account
    from documents
    inner join lines
        on documents.document_id = lines.document_id
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
),

line_sums as (
    select
        document_id,
        sum(amount) as amount
    from document_lines
    group by document_id
),

postings as (
    select
        documents.document_id,
        1 as line_rank,
        0 as line_number,
        '{{ side.control }}' as control,
        null::varchar as gl_account,
        {{ '-' if side.line_side == 'debit' }}documents.amount_total as amount_signed,
        null::varchar as description
    from documents

    union all

    select
        document_id,
        2 as line_rank,
        line_number,
        null::varchar as control,
        gl_account,
        {{ minus }}amount as amount_signed,
        description
    from document_lines

    union all

    select
        documents.document_id,
        3 as line_rank,
        0 as line_number,
        '{{ vat }}' as control,
        null::varchar as gl_account,
        {{ minus }}coalesce(documents.amount_tax, 0) as amount_signed,
        'VAT' as description
    from documents

    union all

    select
        documents.document_id,
        4 as line_rank,
        0 as line_number,
        'rounding' as control,
        null::varchar as gl_account,
        {{ minus }}(documents.amount_total - coalesce(documents.amount_tax, 0) - coalesce(line_sums.amount, 0))
            as amount_signed,
        'Total beyond the lines' as description
    from documents
    left join line_sums
        on documents.document_id = line_sums.document_id
)

select
    'atlas_accounting:{{ document_type }}:' || documents.document_id as journal_entry_id,
    '{{ document_type }}' as posting_rule,
    1 as revision,
    null::varchar as reverses_journal_entry_id,
    'atlas_accounting' as source_system,
    '{{ document_type }}' as source_document_type,
    documents.document_id as source_document_id,
    documents.document_date as entry_date,
    null::date as rate_date,
    '{{ side.direction }}' as direction,
    postings.line_rank,
    postings.line_number::bigint as line_order,
    case
        when postings.control is not null then postings.control
        when postings.gl_account = vat_accounts.account_number then '{{ vat }}'
        when postings.gl_account = rounding_accounts.account_number then 'rounding'
        else '{{ side.line_types[0] }}'
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
    {{ 'documents.party_id' if side.party == 'customer' else 'null::varchar' }} as customer_id,
    {{ 'documents.party_id' if side.party == 'vendor' else 'null::varchar' }} as vendor_id,
    null::varchar as vat_treatment,
    null::varchar as vat_reason
from postings
inner join documents
    on postings.document_id = documents.document_id
left join {{ ref('int_posting__control_accounts') }} as accounts
    on
        postings.control = accounts.control
        and documents.currency_code = accounts.currency_code
left join {{ ref('int_posting__control_accounts') }} as vat_accounts
    on
        vat_accounts.control = '{{ vat }}'
        and documents.currency_code = vat_accounts.currency_code
left join {{ ref('int_posting__control_accounts') }} as rounding_accounts
    on
        rounding_accounts.control = 'rounding'
        and documents.currency_code = rounding_accounts.currency_code
where postings.amount_signed <> 0
{%- endmacro %}
