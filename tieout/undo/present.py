"""Reads what became of the records that were written: what each shows in the newest snapshot.

In: the snapshot, deliveries. Out: the members that an undo depends on, by table and id.
What does not belong here: judging them (`steps.py`). The vendor is read once more when the plan is made and sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from tieout.commands.opened import Warehouse

Shown = Mapping[tuple[str, str], Mapping[str, Any]]
"""By raw table and id."""

TABLES: dict[str, tuple[str, str]] = {
    "sync_atlas_etrm__counterparties": ("atlas_etrm.counterparties", "external_id"),
    "sync_atlas_etrm__order_erp_codes": ("atlas_etrm.orders", "erp_code"),
    "sync_atlas_etrm__invoice_settlements": ("atlas_etrm.invoices", "is_paid"),
    "sync_atlas_accounting__invoices": ("atlas_accounting.invoices", "status, amount_paid, invoice_number"),
    "sync_atlas_accounting__invoice_sends": ("atlas_accounting.invoices", "status, amount_paid, invoice_number"),
    "sync_atlas_accounting__bills": ("atlas_accounting.bills", "status, amount_paid, bill_number"),
    "sync_atlas_accounting__bill_approvals": ("atlas_accounting.bills", "status, amount_paid, bill_number"),
    "sync_atlas_accounting__journal_entries": ("atlas_accounting.journal_entries", "status, entry_number"),
    "sync_atlas_accounting__journal_entry_posts": ("atlas_accounting.journal_entries", "status, entry_number"),
    "sync_atlar__documents": ("atlar.documents", "voided, etag"),
    "sync_atlar__payment_documents": ("atlar.documents", "voided, etag"),
    "sync_atlar__journal_documents": ("atlar.documents", "voided, etag"),
    "sync_atlar__forecasted_transactions": ("atlar.forecasted_transactions", "amount, etag"),
    "sync_atlar__accounts_payables": ("atlar.accounts_payables", "status, etag"),
    "sync_atlar__accounts_receivables": ("atlar.accounts_receivables", "status, etag"),
}
"""By sync: the raw table of the record it writes, and the members to look at."""

TAKES_BACK = {
    "undo_atlar__documents": "atlar.documents",
    "undo_atlar__forecasted_transactions": "atlar.forecasted_transactions",
    "undo_atlar__accounts_payables": "atlar.accounts_payables",
    "undo_atlar__accounts_receivables": "atlar.accounts_receivables",
    "undo_atlas_etrm__counterparties": "atlas_etrm.counterparties",
    "undo_atlas_etrm__order_erp_codes": "atlas_etrm.orders",
    "undo_atlas_etrm__invoice_settlements": "atlas_etrm.invoices",
    "undo_atlas_accounting__invoices": "atlas_accounting.invoices",
    "undo_atlas_accounting__bills": "atlas_accounting.bills",
    "undo_atlas_accounting__journal_entries": "atlas_accounting.journal_entries",
}
"""By sync of the catalog that takes back: the raw table of the record."""


def written_id(row: Mapping[str, Any]) -> str | None:
    """Returns the id of the record a delivery changed or made."""
    return row["target_id"] or row["destination_id"]


def read(warehouse: Warehouse, deliveries: Iterable[Mapping[str, Any]]) -> Shown:
    """Returns the present members of the records written; what the vendor no longer has is missing."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in deliveries:
        if (table := TABLES.get(row["sync_name"])) is not None and (record_id := written_id(row)) is not None:
            ids[table].add(record_id)
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for (name, members), wanted in ids.items():
        for row in _rows(warehouse, name, members, sorted(wanted)):
            found[name, row.pop("id")] = row
    return found


def _rows(warehouse: Warehouse, table: str, members: str, ids: list[str]) -> list[dict[str, Any]]:
    query = f"""
        select id, {members}
        from (
            select id::varchar as id, {members}, _is_deleted
            from raw_{table}
            where list_contains(?::varchar[], id::varchar)
            qualify row_number() over (partition by id order by _landed_at desc, _landing_file desc) = 1
        ) as latest
        where not _is_deleted
        order by id
    """  # noqa: S608 - our own names
    try:
        return warehouse.rows(query, [ids])
    except duckdb.CatalogException:
        return []
