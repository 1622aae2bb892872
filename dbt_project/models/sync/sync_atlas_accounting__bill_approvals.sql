-- Approving the draft bills of orders, which issues and posts them on the control account of their currency.
-- One row per draft bill with an order's key.
with accounts as (
    select
        account_number,
        min(account_id) as account_id
    from {{ ref('stg_atlas_accounting__accounts') }}
    where is_active and account_number is not null
    group by account_number
    having count(*) = 1
)

select
    'order:' || orders.order_id || ':' || drafts.bill_id as sync_key,
    'approve' as operation,
    'bill ' || coalesce(drafts.bill_number, drafts.bill_id) || ' of order ' || orders.order_id
        as record_label,
    orders.order_id,
    drafts.bill_id as destination_id,
    null::varchar as expected_version,
    drafts.amount_total::decimal(20, 4) as amount,
    drafts.currency_code,
    json_object('ap_account_id', accounts.account_id)::varchar as payload,
    json_object('ap_account_id', null)::varchar as current_values
from {{ ref('fct_orders') }} as orders
inner join {{ ref('stg_atlas_accounting__bills') }} as drafts
    on orders.bill_id = drafts.bill_id
cross join {{ ref('stg_operations__run_parameters') }} as parameters
inner join {{ ref('int_posting__control_accounts') }} as controls
    on
        coalesce(drafts.currency_code, orders.currency_code) = controls.currency_code
        and controls.control = 'payables'
inner join accounts
    on controls.account_number = accounts.account_number
where
    drafts.order_id = orders.order_id
    and drafts.bill_status = 'draft'
    and not orders.is_held
    and not orders.is_correction_due
    and orders.status_role in ('ready', 'processed', 'settled')
    and drafts.amount_total = orders.gross_payable
    and parameters.posting_mode = 'documents'
