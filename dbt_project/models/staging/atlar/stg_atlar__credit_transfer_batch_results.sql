-- What became of each record of a batch: whether its payment was created, not whether the bank paid.
-- One row per batch and record.
with source as (
    {{ latest_version(source('raw_atlar', 'credit_transfer_batch_results'), ['batch_id', 'record_index']) }}
)

select
    batch_id as credit_transfer_batch_id,
    record_index,
    nullif(payment_id, '') as credit_transfer_id,
    errors::json as errors,
    coalesce(skipped, false) as is_skipped
from source
