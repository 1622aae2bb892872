-- Orders with the role of their status and what is known about their document, before any line is looked at.
-- `ready_statuses` of the run parameters replaces the seed's list of ready statuses; the seed's other ready ones
-- are then still under way (`draft`).
-- One row per order.
{{ config(meta={'parts': {'by': 'order_id', 'of': ['stg_atlas_etrm__orders', 'int_posting__order_documents']}}) }}
with parameters as (
    select * from {{ ref('stg_operations__run_parameters') }}
),

chosen_statuses as (
    select distinct lower(trim(item.element ->> '$')) as status_folded
    from parameters
    cross join {{ json_elements('parameters.ready_statuses') }}
),

status_roles as (
    select
        lower(trim(seed.status)) as status_folded,
        case
            when seed.status_role = 'ready' and exists (select 1 from chosen_statuses) then 'draft'
            else seed.status_role
        end as status_role,
        seed.status_role in ('draft', 'rejected') as is_refused
    from {{ ref('order_statuses') }} as seed
    where lower(trim(seed.status)) not in (select chosen_statuses.status_folded from chosen_statuses)

    union all

    select
        status_folded,
        'ready' as status_role,
        false as is_refused
    from chosen_statuses
),

documents as (
    select
        order_id,
        bool_or(link = 'key') as has_own_document,
        bool_or(link = 'key' and not is_voided) as has_live_own_document
    from {{ ref('int_posting__order_documents') }}
    group by order_id
)

select
    orders.order_id,
    orders.order_name,
    orders.description,
    orders.counterparty_id,
    counterparties.legal_name,
    counterparties.counterparty_id is not null as is_counterparty_known,
    orders.order_type,
    orders.document_type,
    orders.document_reference,
    orders.registration_date,
    orders.due_date,
    orders.period_from_date,
    orders.period_to_date,
    orders.total_amount,
    parameters.currency_code,
    orders.order_status,
    status_roles.status_role,
    orders.erp_code,
    orders.contract_code,
    orders.erp_code is not null and not coalesce(documents.has_own_document, false) as is_posted_elsewhere,
    coalesce(documents.has_live_own_document, false) as has_live_own_document,
    -- Taken back by the desk: what was posted of it is reversed. A status that READY_STATUSES merely leaves out is not.
    coalesce(status_roles.is_refused, false) as is_refused,
    -- Orders to be checked: due for posting or posted by us. What is a draft, refused or booked elsewhere is not
    -- ours to judge; a status nobody knows is judged, and held.
    case
        when status_roles.is_refused then false
        when orders.erp_code is not null and not coalesce(documents.has_own_document, false) then false
        when coalesce(documents.has_live_own_document, false) then true
        else coalesce(status_roles.status_role, 'unknown') in ('ready', 'processed', 'settled', 'unknown')
    end as is_checked
from {{ ref('stg_atlas_etrm__orders') }} as orders
cross join parameters
left join status_roles
    on lower(orders.order_status) = status_roles.status_folded
left join {{ ref('stg_atlas_etrm__counterparties') }} as counterparties
    on orders.counterparty_id = counterparties.counterparty_id
left join documents
    on orders.order_id = documents.order_id
