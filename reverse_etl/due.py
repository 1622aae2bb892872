"""Reads what is due: the rows of the sync models in the warehouse.

In: `work.duckdb` as dbt left it. Out: `SyncRow`s by sync, in the catalog's order.
What does not belong here: deciding what of it is planned (`plan.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from reverse_etl.catalog import ORDER_NEEDS, PROSPECTS, SYNCS, Sync

_COLUMNS = (
    "sync_key",
    "operation",
    "record_label",
    "order_id",
    "destination_id",
    "expected_version",
    "amount",
    "currency_code",
    "payload",
    "current_values",
)
_OPTIONAL = "beneficiary"
"""A column that only syncs that move money have."""


@dataclass(frozen=True)
class SyncRow:
    """One row that a destination still lacks."""

    sync_key: str
    """Unique within its sync; the same for the same record for ever."""
    operation: str
    record_label: str
    order_id: int | None
    destination_id: str | None
    """The record to change; None on create."""
    expected_version: str | None
    """Atlar's etag, as it was when the row was computed."""
    amount: Decimal | None
    currency_code: str | None
    payload: str
    """A JSON object: the fields to write, by the vendor's names, money as strings."""
    current_values: str | None
    """The same fields as the destination has them now; None on create."""
    beneficiary: str | None = None
    """Who would get the money, as a fingerprint; None where none moves."""


def read_due(work_path: Path) -> dict[str, list[SyncRow]]:
    """Returns every sync's rows, ordered by key; a sync without rows has an empty list.

    Raises:
        duckdb.Error: the file or one of the models is not there (build first).
    """
    with duckdb.connect(str(work_path), read_only=True) as connection:
        return {sync.name: _rows(connection, sync) for sync in SYNCS if sync.has_model}


@dataclass(frozen=True)
class Prospect:
    """What the writes that follow from one side of an order will hold (`sync_prospects`)."""

    order_id: int
    direction: str
    order_name: str | None
    currency_code: str | None
    total_amount: Decimal | None
    erp_code: str | None
    document_id: str | None
    document_number: str | None
    is_draft: bool
    is_issued: bool
    issue_date: str | None
    due_date: str | None
    vendor_bill_number: str | None
    amount_text: str | None
    amount: Decimal | None
    control_account_id: str | None
    entry_key: str | None = None
    entry_id_ending: str | None = None
    entry_number_ending: str | None = None


def read_prospects(work_path: Path) -> list[Prospect]:
    """Returns what follows from the documents of each order, ordered by order and direction.

    Raises:
        duckdb.Error: the file or the model is not there (build first).
    """
    columns = ", ".join(Prospect.__dataclass_fields__)
    # The names are this module's own.
    query = f"select {columns} from sync.{PROSPECTS} order by order_id, direction"  # noqa: S608
    with duckdb.connect(str(work_path), read_only=True) as connection:
        return [Prospect(*row) for row in connection.execute(query).fetchall()]


def read_needs(work_path: Path, record: str) -> frozenset[tuple[str, str]]:
    """Returns sync and key of what a record shares with others and still needs; empty where it is no order.

    Args:
        work_path: The warehouse, built.
        record: Such as `order:210`.

    Raises:
        duckdb.Error: the file or the model is not there (build first).
    """
    kind, _, order_id = record.partition(":")
    if kind != "order" or not order_id.isdecimal():
        return frozenset()
    query = f"select sync_name, sync_key from sync.{ORDER_NEEDS} where order_id = ?"  # noqa: S608 - our own name
    with duckdb.connect(str(work_path), read_only=True) as connection:
        return frozenset((name, key) for name, key in connection.execute(query, [int(order_id)]).fetchall())


def _rows(connection: duckdb.DuckDBPyConnection, sync: Sync) -> list[SyncRow]:
    columns = ", ".join((*_COLUMNS, _OPTIONAL) if sync.moves_money else _COLUMNS)
    # The name is one of the catalog's own constants.
    query = f"select {columns} from sync.{sync.name} order by sync_key"  # noqa: S608
    return [SyncRow(*row) for row in connection.execute(query).fetchall()]
