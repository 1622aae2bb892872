-- Open and closed items of customers as they stood at the end of any past day: with one date as it is known at present,
-- with two as the books were known at the end of the second. Same columns as `fct_receivables`.
-- One row per document issued by then.
{{ config(materialized='table_function', overloads=[['as_of'], ['as_of', 'known_on']]) }}

{{ items_as_of('receivable', 'as_of') }};

{{ items_as_of('receivable', 'as_of', 'known_on') }};
