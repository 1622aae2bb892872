{# What the transaction codes of a bank line say by the seeds `bank_fee_codes` and `bank_return_codes`: told as an
   ISO 20022 subfamily, as the bank's own code (SWIFT's in MT940), or as the German business transaction code (GVC). #}

{# True where a line is a charge of the bank. #}
{% macro is_bank_fee(subfamily, proprietary, gvc) -%}
    {{ is_bank_code('bank_fee_codes', subfamily, proprietary, gvc) }}
{%- endmacro %}

{# True where a line is a payment that was sent back. #}
{% macro is_bank_return(subfamily, proprietary, gvc) -%}
    {{ is_bank_code('bank_return_codes', subfamily, proprietary, gvc) }}
{%- endmacro %}

{% macro is_bank_code(codes, subfamily, proprietary, gvc) -%}
    coalesce(
        {{ subfamily }} in (select code from {{ ref(codes) }} where code_type = 'subfamily')
        or split_part({{ proprietary }}, '+', 1) in (select code from {{ ref(codes) }} where code_type = 'proprietary')
        or {{ gvc }} in (select code from {{ ref(codes) }} where code_type = 'gvc'),
        false
    )
{%- endmacro %}

{# True where a transaction of Atlar is a payment that was sent back: by Atlar's word, or by its codes. #}
{% macro is_returned_transaction(transactions) -%}
    {%- set code = transactions ~ '.bank_transaction_code' -%}
    {%- set proprietary = json_text(code, '$.proprietary.code') -%}
    ({{ transactions }}.is_returned or {{ is_bank_return(json_text(code, 'subfamily'), proprietary, gvc_of(proprietary)) }})
{%- endmacro %}

{# The GVC in the proprietary code of German banks, `NCHG+808+9002/405`; null in any other. #}
{% macro gvc_of(proprietary) -%}
    nullif(regexp_extract({{ proprietary }}, '^[A-Z][A-Z0-9]{3}\+([0-9]{3})(\+|$)', 1), '')
{%- endmacro %}
