{# Joins the last euro reference rates known on a day: `document_rates` of a currency, `base_rates` of the base
   currency.
   A currency without a rate by then keeps its row, with nulls. #}
{% macro join_reference_rates(currency_code, base_currency_code, on_date) -%}
    left join {{ ref('int_posting__exchange_rates') }} as document_rates
        on
            {{ currency_code }} = document_rates.currency_code
            and {{ on_date }} >= document_rates.rate_date
            and {{ on_date }} < coalesce(document_rates.next_rate_date, '9999-12-31'::date)
    left join {{ ref('int_posting__exchange_rates') }} as base_rates
        on
            {{ base_currency_code }} = base_rates.currency_code
            and {{ on_date }} >= base_rates.rate_date
            and {{ on_date }} < coalesce(base_rates.next_rate_date, '9999-12-31'::date)
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
