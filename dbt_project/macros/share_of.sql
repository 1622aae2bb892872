{# The part of an amount that falls to a part of a total, to six places, cut off, without a float: all of it for the
   whole total, so that parts which add up to the total add up to the amount. Null from ten to the fifteenth on: there
   the product has no room, and no base amount is better than a build that stops.

   amount, part, total: DECIMAL, at most four places are used. #}
{% macro share_of(amount, part, total) -%}
    {%- set a = 'cast(cast(' ~ amount ~ ' as decimal(38, 4)) * 10000 as hugeint)' -%}
    {%- set p = 'cast(cast(' ~ part ~ ' as decimal(38, 4)) * 10000 as hugeint)' -%}
    {%- set t = 'cast(cast(' ~ total ~ ' as decimal(38, 4)) * 10000 as hugeint)' -%}
    case
        when {{ part }} = {{ total }} then cast({{ amount }} as decimal(38, 6))
        when {{ part }} = 0 then 0
        when abs({{ amount }}) < 1000000000000000 and abs({{ part }}) < 1000000000000000 then
            -- The whole quotient first, then two more places of its remainder: their product alone needs the room.
            cast(({{ a }} * {{ p }} // {{ t }}) * 100 + ({{ a }} * {{ p }} % {{ t }}) * 100 // {{ t }} as decimal(38, 0))
            * 0.000001
    end
{%- endmacro %}
