-- Guards the macro `money`: it rounds each currency to the places ISO 4217 gives it. DuckDB rounds a DECIMAL only to a
-- constant number of places, so the macro spells out the currencies that differ from two.
select
    currency_code,
    minor_units
from {{ ref('currencies') }}
where
    minor_units <> case
        when currency_code in ({{ currencies_of_minor_units(0) }}) then 0
        when currency_code in ({{ currencies_of_minor_units(3) }}) then 3
        when currency_code in ({{ currencies_of_minor_units(4) }}) then 4
        else 2
    end
