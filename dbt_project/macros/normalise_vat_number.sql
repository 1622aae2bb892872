{# A VAT number to compare by: letters and digits in upper case, and Greece under its VAT prefix EL.
   A missing country prefix is not guessed. #}
{% macro normalise_vat_number(column) -%}
    nullif(
        regexp_replace(regexp_replace(upper({{ column }}), '[^A-Z0-9]', '', 'g'), '^GR([0-9])', 'EL\1'), ''
    )
{%- endmacro %}
