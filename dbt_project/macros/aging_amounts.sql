{# The six ages of open items, in the order in which they are shown: column of the aging marts and bucket it holds. #}
{% macro aging_columns() -%}
    {{ return([
        ('not_due', 'not_due'), ('days_1_30', '1_30'), ('days_31_60', '31_60'), ('days_61_90', '61_90'),
        ('days_91_120', '91_120'), ('days_over_120', 'over_120'),
    ]) }}
{%- endmacro %}

{# Items and credits added up by age. The rows summed have `amount_open`, `aging_bucket` and `amount_credit`. #}
{% macro aging_sums() -%}
    {%- for column, bucket in aging_columns() -%}
    coalesce(sum(amount_open) filter (where aging_bucket = '{{ bucket }}'), 0) as {{ column }},
    {% endfor -%}
    sum(amount_open) as total_open,
    sum(amount_credit) as open_credits,
    sum(amount_open) - sum(amount_credit) as balance
{%- endmacro %}

{# The columns of `aging_sums` as money, then the same in base currency at the last reference rate known on `on_date`.

   Each age is converted and rounded by itself, and the totals (`aging_base_totals`) are added up from those, so that a
   row adds up in both currencies; null where a rate is missing. Relations `document_rates` and `base_rates`: `join_reference_rates`. #}
{% macro aging_money(relation, base_currency_code) -%}
    {%- for column, _ in aging_columns() -%}
    cast({{ relation }}.{{ column }} as decimal(38, 4)) as {{ column }},
    {% endfor -%}
    {%- for column in ('total_open', 'open_credits', 'balance') -%}
    cast({{ relation }}.{{ column }} as decimal(38, 4)) as {{ column }},
    {% endfor -%}
    {{ base_currency_code }} as base_currency_code,
    case when {{ relation }}.currency_code <> {{ base_currency_code }} then document_rates.rate_date end as base_rate_date,
    {%- for column, _ in aging_columns() %}
        {{ sum_in_base(relation ~ '.' ~ column, relation ~ '.currency_code', base_currency_code) }} as {{ column }}_base,
    {%- endfor %}
    {{ sum_in_base(relation ~ '.open_credits', relation ~ '.currency_code', base_currency_code) }}
        as open_credits_base
{%- endmacro %}

{# The totals of `aging_money`'s columns in base currency, to be selected from a query that has them: written into the
   same query, DuckDB would convert each age again for each total, which takes seven times as long. #}
{% macro aging_base_totals() -%}
    {%- set by_age = [] -%}
    {%- for column, _ in aging_columns() -%}
        {%- do by_age.append(column ~ '_base') -%}
    {%- endfor -%}
    cast({{ by_age | join(' + ') }} as decimal(38, 4)) as total_open_base,
    cast({{ by_age | join(' + ') }} - open_credits_base as decimal(38, 4)) as balance_base
{%- endmacro %}

{# What an item adds to its age, or, where it is a credit note, to the credits: `amount_open` and `amount_credit`. #}
{% macro open_or_credit(amount_open, currency_code, is_credit_note) -%}
    case when coalesce({{ is_credit_note }}, false) then 0 else {{ money(amount_open, currency_code) }} end as amount_open,
    case when coalesce({{ is_credit_note }}, false) then -{{ money(amount_open, currency_code) }} else 0 end
        as amount_credit
{%- endmacro %}
