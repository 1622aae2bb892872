-- Lines of the posted manual entries of the books, in their own and in base currency; both sides are equal in each.
-- One row per entry and line with an amount. What we posted ourselves (it carries our key) only where it moves a bank
-- account: a bank line is reconciled with it.
with lines as (
    select
        entries.journal_entry_id_atlas_accounting as journal_entry_id,
        entries.entry_number,
        entries.entry_date,
        entries.description,
        entries.created_at,
        lines.line_number,
        lines.account_id,
        lines.entry_side,
        lines.amount,
        coalesce(entries.currency_code, accounts.currency_code, parameters.base_currency_code) as currency_code,
        parameters.base_currency_code,
        coalesce(account_types.gl_account_type, '') = 'BANK' as is_bank
    from {{ ref('stg_atlas_accounting__journal_entries') }} as entries
    cross join {{ ref('stg_operations__run_parameters') }} as parameters
    inner join {{ ref('stg_atlas_accounting__journal_entry_lines') }} as lines
        on entries.journal_entry_id_atlas_accounting = lines.journal_entry_id_atlas_accounting
    left join {{ ref('stg_atlas_accounting__accounts') }} as accounts
        on lines.account_id = accounts.account_id
    left join {{ ref('int_write_back__gl_account_types') }} as account_types
        on lines.account_id = account_types.account_id
    where
        entries.is_posted
        and lines.amount <> 0
    qualify
        entries.journal_key is null
        or bool_or(coalesce(account_types.gl_account_type, '') = 'BANK')
            over (partition by entries.journal_entry_id_atlas_accounting)
),

converted as (
    select
        lines.*,
        min(lines.currency_code) over (partition by lines.journal_entry_id)
        <> max(lines.currency_code) over (partition by lines.journal_entry_id) as is_in_several_currencies,
        {{ amount_in_base('lines.amount', 'lines.currency_code', 'lines.base_currency_code') }} as rounded_base,
        {{ amount_in_base(
            'sum(lines.amount) over (partition by lines.journal_entry_id, lines.entry_side)',
            'lines.currency_code',
            'lines.base_currency_code'
        ) }} as side_base,
        row_number() over (
            partition by lines.journal_entry_id, lines.entry_side
            order by lines.amount desc, lines.line_number asc
        ) as size_rank
    from lines
    {{ join_reference_rates('lines.currency_code', 'lines.base_currency_code', 'lines.entry_date') }}
)

select
    journal_entry_id,
    entry_number,
    entry_date,
    description,
    created_at,
    line_number,
    account_id,
    entry_side,
    amount,
    currency_code,
    base_currency_code,
    is_bank,
    is_in_several_currencies,
    -- What rounding leaves over goes to the largest line of its side.
    rounded_base
    + case
        when size_rank = 1
            then side_base - sum(rounded_base) over (partition by journal_entry_id, entry_side)
        else 0
    end as amount_base
from converted
