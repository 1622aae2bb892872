{# True where a bank line is a charge by its code (seed `bank_fee_codes`), told as an ISO 20022 subfamily or as the
   bank's own code. #}
{% macro is_bank_fee(subfamily, proprietary) -%}
    coalesce(
        {{ subfamily }} in (select code from {{ ref('bank_fee_codes') }} where code_type = 'subfamily')
        or {{ proprietary }} in (select code from {{ ref('bank_fee_codes') }} where code_type = 'proprietary'),
        false
    )
{%- endmacro %}
