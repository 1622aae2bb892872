-- Files a connection received.
-- One row per connection and report; a report never changes.
with source as (
    {{ latest_version(source('raw_atlar', 'reports'), ['connection_id', 'id']) }}
)

select
    connection_id,
    id as report_id,
    organization_id,
    type as report_type,
    statement_type,
    content_type,
    filename as file_name,
    size as size_bytes,
    created as created_at
from source
