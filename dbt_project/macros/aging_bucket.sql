{# The aging bucket of an item, from its whole days past due (DESIGN 5.9): due today is not yet overdue. #}
{% macro aging_bucket(days_past_due) -%}
    case
        when {{ days_past_due }} <= 0 then 'not_due'
        when {{ days_past_due }} <= 30 then '1_30'
        when {{ days_past_due }} <= 60 then '31_60'
        when {{ days_past_due }} <= 90 then '61_90'
        when {{ days_past_due }} <= 120 then '91_120'
        else 'over_120'
    end
{%- endmacro %}
