-- Documents that a payment was taken off while it went on counting: what it last settled of them, and the day on which
-- that is taken back, the later of the payment's own and the first day that was open when it was seen.
-- One row per side, payment, document and application of the last version that names it.
with last_versions as (
    select
        applications.side,
        applications.payment_id,
        applications.document_id,
        applications.settlement_date,
        applications.known_to as gone_at,
        applications.amount_applied,
        applications.amount_discount
    from {{ ref('stg_atlas_accounting__payment_application_versions') }} as applications
    qualify
        rank() over (
            partition by applications.side, applications.payment_id, applications.document_id
            order by applications.known_from desc
        ) = 1
)

select
    last_versions.side,
    last_versions.payment_id,
    last_versions.document_id,
    last_versions.settlement_date,
    greatest(
        last_versions.settlement_date, coalesce(closings.first_open_date, last_versions.settlement_date)
    ) as reversal_date,
    last_versions.gone_at,
    last_versions.amount_applied,
    last_versions.amount_discount
from last_versions
-- The version that follows counts, and names the document no more; of a voided payment none follows that counts.
inner join {{ ref('stg_atlas_accounting__payment_versions') }} as following
    on
        last_versions.side = following.side
        and last_versions.payment_id = following.payment_id
        and last_versions.gone_at = following.known_from
        and following.is_effective
left join {{ ref('int_posting__closings') }} as closings
    on
        last_versions.gone_at >= closings.known_at
        and last_versions.gone_at < closings.known_until
