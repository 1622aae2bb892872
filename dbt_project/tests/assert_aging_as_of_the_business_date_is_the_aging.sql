-- The functions over kept versions and the aging marts come to one figure by two ways: rebuilt from history for the
-- business date, what is known at present must be the present, for each party, currency and age.
{%- set parameters = ref('stg_operations__run_parameters') %}
{%- set business_date = '(select parameters.as_of_date from ' ~ parameters ~ ' as parameters)' %}
with rebuilt_receivables as (
    {{ aging_as_of('receivable', business_date) }}
),

rebuilt_payables as (
    {{ aging_as_of('payable', business_date) }}
),

differences as (
    (
        select * from rebuilt_receivables
        except all
        select * from {{ ref('fct_receivables_aging') }}
    )
    union all
    (
        select * from {{ ref('fct_receivables_aging') }}
        except all
        select * from rebuilt_receivables
    )
    union all
    (
        select * from rebuilt_payables
        except all
        select * from {{ ref('fct_payables_aging') }}
    )
    union all
    (
        select * from {{ ref('fct_payables_aging') }}
        except all
        select * from rebuilt_payables
    )
)

select * from differences
