-- Every version of settlement lines that changed after they were first landed: what an order said before it was edited.
-- Every version kept by the landing, with the instant at which the next one took its place.
-- One row per line and version.
with changed as (
    select id
    from {{ source('raw_atlas_etrm', 'order_items') }}
    group by id
    having count(*) > 1
)

select
    versions.id as order_item_id,
    versions.order_id,
    versions.counterparty_id,
    case versions.status when 0 then 'calculated' when 1 then 'edited' when 2 then 'in_order' end as item_status,
    case versions.cashflow when 0 then 'active' when 1 then 'passive' end as cashflow,
    versions.amount,
    {{ blank_to_null('versions.gl_account') }} as gl_account,
    coalesce(versions._is_deleted, false) as is_deleted,
    versions._landed_at as landed_at,
    lead(versions._landed_at) over (
        partition by versions.id order by versions._landed_at asc nulls first, versions._landing_file asc nulls first
    ) as next_landed_at,
    versions._landing_file as landing_file
from {{ source('raw_atlas_etrm', 'order_items') }} as versions
inner join changed
    on versions.id = changed.id
