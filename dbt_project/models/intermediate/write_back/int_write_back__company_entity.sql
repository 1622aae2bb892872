-- The Atlar entity that the company is: by name, else the only one at the top; null where neither tells.
-- One row.
select
    case
        when count(*) filter (where entities.legal_name = companies.company_name) = 1
            then min(entities.entity_id) filter (where entities.legal_name = companies.company_name)
        when count(*) filter (where entities.parent_entity_id is null) = 1
            then min(entities.entity_id) filter (where entities.parent_entity_id is null)
    end as entity_id
from {{ ref('stg_atlar__entities') }} as entities
cross join {{ ref('stg_atlas_accounting__companies') }} as companies
