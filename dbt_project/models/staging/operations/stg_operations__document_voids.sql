-- Documents of Atlas Accounting that Tieout has asked to void, whatever came of it: what is void among them was not
-- taken away by a person for reasons of their own.
-- One row per document.
select
    document_type,
    document_id,
    delivery_status,
    reason,
    asked_at
from {{ source('raw_operations', 'document_voids') }}
