-- What each customer owed by age at the end of any past day: with one date as it is known at present, with two as the
-- books were known at the end of the second. Same columns as `fct_receivables_aging`.
-- One row per customer and currency that had an issued document or a payment by then.
{{ config(materialized='table_function', overloads=[['as_of'], ['as_of', 'known_on']]) }}

{{ aging_as_of('receivable', 'as_of') }};

{{ aging_as_of('receivable', 'as_of', 'known_on') }};
