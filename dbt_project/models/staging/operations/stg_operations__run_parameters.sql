-- What the run was told: business date, currencies, and how this instance spells its orders.
-- One row.
select
    as_of_date,
    currency_code,
    base_currency_code,
    order_total,
    item_vat,
    ready_statuses::json as ready_statuses,
    posting_mode,
    ap_ar_mode,
    time_zone,
    books_closed_through as books_closed_through_date,
    netting_agreements::json as netting_agreements
from {{ source('raw_operations', 'run_parameters') }}
