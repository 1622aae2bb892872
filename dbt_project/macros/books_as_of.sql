{# Receivables and payables at the end of any past day, from the kept versions of documents, payments and parties.

   side: 'receivable' or 'payable'. as_of: expression of a date. known_on: expression of a date, the day at whose end
   the books are asked how they stood; none asks what is known at present.
   Each macro gives the body of common table expressions to be put after `with`. #}

{# `documents`: issued by the day, as known; with party and currency resolved as the present models do it. #}
{% macro documents_as_of(side, as_of, known_on=none) -%}
parties as (
    select *
    from {{ ref('dim_party_versions') }} as versions
    where versions.side = '{{ side }}' and {{ is_known('versions', known_on) }}
),

documents as (
    select
        versions.*,
        coalesce(parties.party_code, versions.party_id) as party_code,
        parties.party_name,
        coalesce(versions.document_currency_code, parties.currency_code, parameters.base_currency_code)
            as currency_code
    from {{ ref('fct_document_versions') }} as versions
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    left join parties on versions.party_id = parties.party_id
    where
        versions.side = '{{ side }}'
        and versions.is_issued
        and versions.issue_date <= {{ as_of }}
        and {{ is_known('versions', known_on) }}
),

applications as (
    select *
    from {{ ref('fct_payment_application_versions') }} as versions
    where versions.side = '{{ side }}' and {{ is_known('versions', known_on) }}
)
{%- endmacro %}

{# `open_items`: those documents with what was settled by the day. Exact and unrounded. #}
{% macro open_items_as_of(side, as_of, known_on=none) -%}
    {{ documents_as_of(side, as_of, known_on) }},

settled as (
    select
        document_id,
        sum(amount_settled) as amount_applied,
        sum(amount_discount) as amount_discount,
        max(settlement_date) as last_settlement_date
    from applications
    where settlement_date <= {{ as_of }}
    group by document_id
),

open_items as (
    select
        documents.*,
        coalesce(settled.amount_applied, 0) as amount_applied,
        coalesce(settled.amount_discount, 0) as amount_discount,
        documents.amount_total - coalesce(settled.amount_applied, 0) as amount_open,
        coalesce(documents.amount_total < 0, false) as is_credit_note,
        settled.last_settlement_date,
        {{ as_of }} - documents.due_date as days_past_due,
        {{ aging_bucket(as_of ~ ' - documents.due_date') }} as aging_bucket
    from documents
    left join settled on documents.document_id = settled.document_id
)
{%- endmacro %}

{# `open_credits`: what payments dated up to the day have left that no document of that day takes up. #}
{% macro open_credits_as_of(side, as_of, known_on=none) -%}
used as (
    select
        applications.payment_id,
        sum(applications.amount_discount) as amount_discount,
        sum(case when documents.document_id is not null then applications.amount_settled else 0 end) as amount_applied
    from applications
    left join documents on applications.document_id = documents.document_id
    group by applications.payment_id
),

open_credits as (
    select
        versions.payment_id,
        versions.party_id,
        coalesce(parties.party_code, versions.party_id) as party_code,
        parties.party_name,
        coalesce(versions.payment_currency_code, parties.currency_code, parameters.base_currency_code)
            as currency_code,
        versions.amount + coalesce(used.amount_discount, 0) - coalesce(used.amount_applied, 0) as amount_credit
    from {{ ref('fct_payment_versions') }} as versions
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    left join parties on versions.party_id = parties.party_id
    left join used on versions.payment_id = used.payment_id
    where
        versions.side = '{{ side }}'
        and versions.is_effective
        and versions.payment_date <= {{ as_of }}
        and {{ is_known('versions', known_on) }}
)
{%- endmacro %}

{# The rows of `fct_receivables` or `fct_payables` as of another day. #}
{% macro items_as_of(side, as_of, known_on=none) -%}
    {%- set party = 'customer' if side == 'receivable' else 'vendor' -%}
    {%- set day = 'cast(' ~ as_of ~ ' as date)' -%}
    {%- set known_day = none if known_on is none else 'cast(' ~ known_on ~ ' as date)' -%}
    with {{ open_items_as_of(side, day, known_day) }},

counterparties as (
    select
        {{ party }}_id_atlas_accounting as party_id,
        min(counterparty_id) as counterparty_id
    from {{ ref('dim_counterparties') }}
    where {{ party }}_id_atlas_accounting is not null
    group by {{ party }}_id_atlas_accounting
)

select
    items.document_id,
    items.document_number,
    {%- if side == 'payable' %}
    items.vendor_bill_number,
    {%- endif %}
    items.document_status,
    items.party_id as {{ party }}_id,
    items.party_code as {{ party }}_code,
    items.party_name as {{ party }}_name,
    counterparties.counterparty_id,
    items.order_id,
    items.issue_date,
    items.due_date,
    items.currency_code,
    {{ money('items.amount_total', 'items.currency_code') }} as amount_total,
    {{ money('items.amount_applied', 'items.currency_code') }} as amount_applied,
    {{ money('items.amount_discount', 'items.currency_code') }} as amount_discount,
    {{ money('items.amount_open', 'items.currency_code') }} as amount_open,
    items.amount_open != 0 as is_open,
    items.days_past_due,
    items.aging_bucket,
    items.last_settlement_date,
    {{ day }} as as_of_date
from open_items as items
left join counterparties on items.party_id = counterparties.party_id
{%- endmacro %}

{# The rows of `fct_receivables_aging` or `fct_payables_aging` as of another day. #}
{% macro aging_as_of(side, as_of, known_on=none) -%}
    {%- set party = 'customer' if side == 'receivable' else 'vendor' -%}
    {%- set day = 'cast(' ~ as_of ~ ' as date)' -%}
    {%- set known_day = none if known_on is none else 'cast(' ~ known_on ~ ' as date)' -%}
    with {{ open_items_as_of(side, day, known_day) }},

{{ open_credits_as_of(side, day, known_day) }},

amounts as (
    select
        party_id,
        party_code,
        party_name,
        currency_code,
        {{ open_or_credit('amount_open', 'currency_code', 'is_credit_note') }},
        aging_bucket
    from open_items

    union all

    select
        party_id,
        party_code,
        party_name,
        currency_code,
        0 as amount_open,
        {{ money('amount_credit', 'currency_code') }} as amount_credit,
        null as aging_bucket
    from open_credits
),

aged as (
    select
        amounts.party_id,
        amounts.party_code,
        amounts.party_name,
        amounts.currency_code,
        parameters.base_currency_code,
        {{ aging_sums() }}
    from amounts
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    group by
        amounts.party_id, amounts.party_code, amounts.party_name, amounts.currency_code, parameters.base_currency_code
),

in_base as (
    select
        aged.party_id as {{ party }}_id,
        aged.party_code as {{ party }}_code,
        aged.party_name as {{ party }}_name,
        aged.currency_code,
        {{ day }} as as_of_date,
        {{ aging_money('aged', 'aged.base_currency_code') }}
    from aged
    {{ join_reference_rates('aged.currency_code', 'aged.base_currency_code', day) }}
)

select
    *,
    {{ aging_base_totals() }}
from in_base
{%- endmacro %}
