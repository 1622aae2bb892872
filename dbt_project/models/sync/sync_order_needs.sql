-- What an order's writes need that belongs to no single order: its customer and vendor in Atlas Accounting, Atlar's GL
-- entity, and the GL accounts of its lines and control accounts. One row per order and record that is still lacking.
-- Nothing is sent from here: by it `tieout plan --record order:210` brings what order 210 shares with other orders.
with orders as (
    select
        order_id,
        counterparty_id_atlas_etrm,
        currency_code,
        has_receivable,
        has_payable
    from {{ ref('fct_orders') }}
    where
        status_role in ('ready', 'processed', 'settled')
        and not is_held
        and not is_posted_elsewhere
),

parties as (
    select
        orders.order_id,
        'sync_atlas_accounting__customers' as sync_name,
        'counterparty:' || orders.counterparty_id_atlas_etrm as sync_key
    from orders
    inner join {{ ref('dim_counterparties') }} as parties
        on orders.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
    where orders.has_receivable and parties.customer_id_atlas_accounting is null

    union all

    select
        orders.order_id,
        'sync_atlas_accounting__vendors' as sync_name,
        'counterparty:' || orders.counterparty_id_atlas_etrm as sync_key
    from orders
    inner join {{ ref('dim_counterparties') }} as parties
        on orders.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
    where orders.has_payable and parties.vendor_id_atlas_accounting is null
),

lacking_accounts as (
    select
        accounts.account_id,
        accounts.account_number
    from {{ ref('stg_atlas_accounting__accounts') }} as accounts
    left join {{ ref('stg_atlar__gl_accounts') }} as gl_accounts
        on accounts.account_id = gl_accounts.external_id
    where gl_accounts.gl_account_id is null
),

gl_accounts as (
    select distinct
        orders.order_id,
        'sync_atlar__gl_accounts' as sync_name,
        'account:' || lacking_accounts.account_id as sync_key
    from lacking_accounts
    inner join {{ ref('fct_journal_entry_lines') }} as lines
        on lacking_accounts.account_number = lines.gl_account
    inner join orders
        on lines.order_id = orders.order_id
    where lines.source_system = 'atlas_etrm'
),

gl_entities as (
    select
        orders.order_id,
        'sync_atlar__gl_entities' as sync_name,
        'company:' || companies.company_id as sync_key
    from {{ ref('stg_atlas_accounting__companies') }} as companies
    left join {{ ref('stg_atlar__gl_entities') }} as there
        on companies.company_id = there.external_id
    cross join orders
    where there.gl_entity_id is null
)

select
    order_id,
    sync_name,
    sync_key
from parties

union all

select
    order_id,
    sync_name,
    sync_key
from gl_accounts

union all

select
    order_id,
    sync_name,
    sync_key
from gl_entities
