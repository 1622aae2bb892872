"""Turns the operations store's rows into the Arrow tables that the warehouse shows as `raw_operations`.

In: rows as the store keeps them (money and instants as text). Out: typed Arrow tables with the columns that staging
reads. What does not belong here: reading the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow

_TEXT = pyarrow.string()
_MONEY = pyarrow.decimal128(20, 4)
_SUM = pyarrow.decimal128(38, 4)
_INSTANT = pyarrow.timestamp("us", tz="UTC")
_COUNT = pyarrow.int64()

SCHEMAS: dict[str, pyarrow.Schema] = {
    "deliveries": pyarrow.schema(
        {
            "delivery_id": _TEXT,
            "run_id": _TEXT,
            "plan_id": _TEXT,
            "sync_name": _TEXT,
            "sync_key": _TEXT,
            "operation": _TEXT,
            "destination": _TEXT,
            "delivery_key": _TEXT,
            "payload_hash": _TEXT,
            "record_label": _TEXT,
            "order_id": _COUNT,
            "amount": _MONEY,
            "currency_code": _TEXT,
            "attempt": pyarrow.int32(),
            "status": _TEXT,
            "reason": _TEXT,
            "destination_id": _TEXT,
            "destination_number": _TEXT,
            "request_id": _TEXT,
            "approval_id": _TEXT,
            "beneficiary": _TEXT,
            "intended_at": _INSTANT,
            "finished_at": _INSTANT,
        }
    ),
    "runs": pyarrow.schema(
        {
            "run_id": _TEXT,
            "started_at": _INSTANT,
            "finished_at": _INSTANT,
            "profile": _TEXT,
            "as_of_date": pyarrow.date32(),
            "run_by": _TEXT,
            "status": _TEXT,
            "exit_code": pyarrow.int32(),
            "rounds": pyarrow.int32(),
            "landed_rows": _COUNT,
            "requests": _COUNT,
            "planned": _COUNT,
            "sent": _COUNT,
            "rejected": _COUNT,
            "unknown": _COUNT,
            "held": _COUNT,
            "seconds": pyarrow.decimal128(12, 3),
            "message": _TEXT,
        }
    ),
    "holds": pyarrow.schema(
        {
            "hold_id": _TEXT,
            "record": _TEXT,
            "order_id": _COUNT,
            "plan_id": _TEXT,
            "reason": _TEXT,
            "held_by": _TEXT,
            "held_at": _INSTANT,
            "released_by": _TEXT,
            "release_reason": _TEXT,
            "released_at": _INSTANT,
        }
    ),
    "accepted_differences": pyarrow.schema(
        {
            "acceptance_id": _TEXT,
            "control_name": _TEXT,
            "scope": _TEXT,
            "difference": _SUM,
            "currency_code": _TEXT,
            "run_id": _TEXT,
            "measured_by": _TEXT,
            "accepted_by": _TEXT,
            "reason": _TEXT,
            "accepted_at": _INSTANT,
            "withdrawn_by": _TEXT,
            "withdrawal_reason": _TEXT,
            "withdrawn_at": _INSTANT,
        }
    ),
    "closed_periods": pyarrow.schema({"source": _TEXT, "period_end": pyarrow.date32(), "closed_at": _INSTANT}),
    "closed_period_checksums": pyarrow.schema(
        {
            "checksum_id": _TEXT,
            "period_start": pyarrow.date32(),
            "period_end": pyarrow.date32(),
            "recorded_at": _INSTANT,
            "entry_count": pyarrow.int32(),
            "checksum": _TEXT,
        }
    ),
    "closed_period_entries": pyarrow.schema(
        {
            "checksum_id": _TEXT,
            "journal_entry_id": _TEXT,
            "currency_code": _TEXT,
            "entry_checksum": _TEXT,
            "amount": _SUM,
        }
    ),
    "document_voids": pyarrow.schema(
        {
            "document_type": _TEXT,
            "document_id": _TEXT,
            "delivery_status": _TEXT,
            "reason": _TEXT,
            "asked_at": _INSTANT,
        }
    ),
}
"""The columns of `raw_operations`, by table."""

VOID_SYNCS = {
    "sync_atlas_accounting__invoice_voids": "invoice",
    "sync_atlas_accounting__bill_voids": "bill",
    "undo_atlas_accounting__invoices": "invoice",
    "undo_atlas_accounting__bills": "bill",
}
"""The syncs that void documents, corrections and `tieout undo` alike, with the kind of document."""


def arrow_tables(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, pyarrow.Table]:
    """Returns one table per name of `SCHEMAS`; a table without rows still has its columns."""
    return {name: _table(schema, rows.get(name, ())) for name, schema in SCHEMAS.items()}


def exploded_entries(checksums: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns one row per entry of each recorded period, with its checksum then and what it moved."""
    return [
        {
            "checksum_id": row["checksum_id"],
            "journal_entry_id": entry,
            "currency_code": currency,
            "entry_checksum": digest,
            "amount": amount,
        }
        for row in checksums
        for entry, currency, digest, amount in json.loads(row["entries"])
    ]


def document_voids(deliveries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the documents we have asked Atlas Accounting to void, each with what came of the latest request."""
    # Undo also deletes drafts: those were never posted, and leave no document behind.
    rows = [row for row in deliveries if row["sync_name"] in VOID_SYNCS and row["operation"] == "void"]
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["intended_at"], row["delivery_id"])):
        kind, document_id = VOID_SYNCS[row["sync_name"]], str(row["target_id"])
        latest[kind, document_id] = {
            "document_type": kind,
            "document_id": document_id,
            "delivery_status": row["status"],
            "reason": row["reason"],
            "asked_at": row["intended_at"],
        }
    return [latest[key] for key in sorted(latest)]


def _table(schema: pyarrow.Schema, rows: Sequence[Mapping[str, Any]]) -> pyarrow.Table:
    columns = [
        pyarrow.array([_typed(row[field.name], field.type) for row in rows], type=field.type) for field in schema
    ]
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _typed(value: Any, type_: Any) -> Any:
    if value is None:
        return None
    if pyarrow.types.is_decimal(type_):
        return Decimal(value).quantize(Decimal(1).scaleb(-type_.scale))
    if pyarrow.types.is_timestamp(type_):
        return datetime.fromisoformat(value)
    if pyarrow.types.is_date32(type_):
        return date.fromisoformat(value)
    return value
