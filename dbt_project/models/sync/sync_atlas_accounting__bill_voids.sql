-- Bills that no longer say what their order says, to be voided: the order was changed or taken back after they
-- were made. The revision follows once the void is seen.
-- One row per bill to void.
select
    'order:' || corrections.order_id || ':' || corrections.document_id as sync_key,
    'void' as operation,
    'bill ' || coalesce(corrections.document_number, corrections.document_id) || ' of order ' || corrections.order_id
        as record_label,
    corrections.order_id,
    corrections.document_id as destination_id,
    null::varchar as expected_version,
    corrections.amount_of_document::decimal(20, 4) as amount,
    corrections.currency_of_document as currency_code,
    json_object(
        'reason',
        {{ order_entry_id('corrections.order_id', 'corrections.document_revision') }}
        || case corrections.cause
            when 'refused' then ' was taken back in ATLAS ETRM'
            else ' was changed in ATLAS ETRM; revision ' || corrections.next_revision || ' follows'
        end
    )::varchar as payload,
    json_object('reason', null)::varchar as current_values
from {{ ref('int_posting__corrections') }} as corrections
inner join {{ ref('fct_orders') }} as orders
    on corrections.order_id = orders.order_id
cross join {{ ref('stg_operations__run_parameters') }} as parameters
where
    corrections.document_type = 'bill'
    and corrections.blocked_by is null
    -- A refusal is shown as one, until the vendor allows it or a person voids the bill.
    and (not orders.is_held or orders.hold_codes = 'correction_refused')
    and parameters.posting_mode = 'documents'
