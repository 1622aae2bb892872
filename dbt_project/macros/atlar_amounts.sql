{# Atlar's amounts (contracts/atlar.md, sections 3.8 and 9.3): a document's currency and the base currency side by side.

   The models that use them name the reference rates `document_rates` and `base_rates` (`join_reference_rates`). #}

{# An amount as Atlar takes it. #}
{% macro atlar_amount(amount, currency_code) -%}
    json_object('currency', {{ currency_code }}, 'stringValue', {{ minor_unit_text(amount, currency_code) }})
{%- endmacro %}

{# A pair of instructed and base amount. #}
{% macro atlar_amounts(amount, currency_code, amount_base, base_currency_code) -%}
    json_object(
        'instructedAmount', {{ atlar_amount(amount, currency_code) }},
        'baseAmount', {{ atlar_amount(amount_base, base_currency_code) }}
    )
{%- endmacro %}

{# The same with the rate it was converted by, where the currencies differ.

   The European Central Bank quotes units per euro, so with the euro on one side its figure is passed on as it is
   (`unitCurrency` EUR); between two others the cross rate, per unit of the document's currency. #}
{% macro atlar_amounts_with_rate(amount, currency_code, amount_base, base_currency_code) -%}
    json_merge_patch(
        {{ atlar_amounts(amount, currency_code, amount_base, base_currency_code) }},
        case
            when {{ currency_code }} = {{ base_currency_code }} then '{}'::json
            else json_object(
                'currencyExchange',
                json_object(
                    'exchangeRate',
                    regexp_replace(
                        cast(
                            case
                                when {{ base_currency_code }} = 'EUR' then document_rates.units_per_eur
                                when {{ currency_code }} = 'EUR' then base_rates.units_per_eur
                                else {{ exact_quotient('base_rates.units_per_eur', 'document_rates.units_per_eur') }}
                            end as varchar
                        ),
                        '\.?0+$',
                        ''
                    ),
                    'sourceCurrency', {{ currency_code }},
                    'targetCurrency', {{ base_currency_code }},
                    'unitCurrency',
                    case when {{ base_currency_code }} = 'EUR' then 'EUR' else {{ currency_code }} end
                )
            )
        end
    )
{%- endmacro %}
