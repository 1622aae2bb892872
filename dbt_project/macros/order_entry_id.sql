{# The journal id, and the key in the vendors' records, of an order's posting: `atlas_etrm:order:<id>`, corrections
   `…:r2` and so on. #}
{% macro order_entry_id(order_id, revision) -%}
    'atlas_etrm:order:' || {{ order_id }} || case when {{ revision }} > 1 then ':r' || {{ revision }} else '' end
{%- endmacro %}
