-- The statements and our side of the controls against the vendor's reports are one figure: the balance sheet of the
-- business date, and the profit and loss of each full month of its year.
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

statements as (
    select
        'balance_sheet_equals_vendor' as control_name,
        sheet.currency_code || '/' || sheet.section as scope,
        sum(sheet.amount) as amount
    from {{ ref('fct_balance_sheet') }} as sheet
    inner join parameters on sheet.period = strftime(parameters.as_of_date, '%Y-%m')
    where sheet.section <> 'unknown'
    group by sheet.currency_code, sheet.section

    union all

    select
        'profit_and_loss_equals_vendor' as control_name,
        currency_code || '/' || section || '/' || period || '-01..' || last_day((period || '-01')::date) as scope,
        sum(amount) as amount
    from {{ ref('fct_profit_and_loss') }}
    group by currency_code, section, period
)

select
    controls.control_name,
    controls.scope,
    controls.left_amount,
    statements.amount
from {{ ref('fct_tie_outs') }} as controls
inner join statements on controls.control_name = statements.control_name and controls.scope = statements.scope
where controls.left_amount <> statements.amount
