{# Joins the last euro reference rates known on a day: `document_rates` of a currency, `base_rates` of the base
   currency.
   A currency without a rate by then keeps its row, with nulls.

   Each rate is repeated for the days on which it is the last known, so that both sides of the join are equal in
   currency and day. Joined by "from its day to the next", every row would be compared with every rate of its currency,
   seven thousand since 1999. Days after the last rate of all are looked up as that day. #}
{% macro join_reference_rates(currency_code, base_currency_code, on_date) -%}
    {%- set last_day -%}
        (select max(rate_date) from {{ ref('int_posting__exchange_rates') }})
    {%- endset -%}
    {%- set day = 'case when ' ~ on_date ~ ' > ' ~ last_day ~ ' then ' ~ last_day ~ ' else ' ~ on_date ~ ' end' -%}
    {%- for currency, relation in ((currency_code, 'document_rates'), (base_currency_code, 'base_rates')) %}
    left join {{ reference_rates_by_day(last_day) }} as {{ relation }}
        on
            {{ currency }} = {{ relation }}.currency_code
            and {{ day }} = {{ relation }}.in_force_on
    {%- endfor %}
{%- endmacro %}

{# The reference rates in force on each day from the first to the last rate of all: a query in brackets. #}
{% macro reference_rates_by_day(last_day) -%}
    (
        select
            rates.currency_code,
            cast(series.day as date) as in_force_on,
            rates.rate_date,
            rates.units_per_eur
        from {{ ref('int_posting__exchange_rates') }} as rates
        cross join lateral generate_series(
            cast(rates.rate_date as timestamp),
            cast(coalesce(rates.next_rate_date - 1, {{ last_day }}) as timestamp),
            interval 1 day
        ) as series (day)
    )
{%- endmacro %}

{# An amount in base currency, as the journal converts it; null where a rate is missing, and where the outcome is beyond
   what money is kept in. The rates are units per euro: by default those of `join_reference_rates`. #}
{% macro amount_in_base(
    amount,
    currency_code,
    base_currency_code,
    document_rate='document_rates.units_per_eur',
    base_rate='base_rates.units_per_eur'
) -%}
    case
        when {{ currency_code }} = {{ base_currency_code }} then try_cast({{ amount }} as decimal(20, 4))
        else {{ money(
            exact_quotient('try_cast(' ~ amount ~ ' as decimal(20, 4)) * ' ~ base_rate, document_rate),
            base_currency_code, or_null=true
        ) }}
    end
{%- endmacro %}

{# A sum over records in base currency, as `amount_in_base` gives a single amount, with room for more digits: sixteen
   for one record, twenty for a sum in another currency (any number in base currency itself). A rate has at most six
   digits before the point, so that no product is beyond what a decimal holds. #}
{% macro sum_in_base(amount, currency_code, base_currency_code) -%}
    case
        when {{ currency_code }} = {{ base_currency_code }} then cast({{ amount }} as decimal(38, 4))
        -- Most ages of a party are empty, and dividing costs more than all else here.
        when {{ amount }} = 0 and document_rates.units_per_eur > 0 and base_rates.units_per_eur is not null then 0
        else {{ money(
            exact_quotient(
                'try_cast(' ~ amount ~ ' as decimal(24, 4)) * try_cast(base_rates.units_per_eur as decimal(12, 6))',
                'document_rates.units_per_eur'
            ),
            base_currency_code, or_null=true, width=38
        ) }}
    end
{%- endmacro %}

{# The day of the rate that stands behind a conversion, of two the older; the euro has no rate to grow old. #}
{% macro older_rate_date(currency_code, base_currency_code) -%}
    case 'EUR'
        when {{ base_currency_code }} then document_rates.rate_date
        when {{ currency_code }} then base_rates.rate_date
        else least(document_rates.rate_date, base_rates.rate_date)
    end
{%- endmacro %}
