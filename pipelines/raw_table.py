"""How a raw table is declared: its name, its key, and the type of every column.

In: nothing. Out: `RawTable` and `Column`, the vocabulary of each system's `tables.py`.
What does not belong here: reading, parsing or loading (see `landing.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal[
    "text", "bigint", "boolean", "decimal", "date", "instant", "currency", "json", "money", "custom_fields"
]
"""`text` as the vendor wrote it (a number keeps its digits) · `decimal` DECIMAL(38,10), exact ·
`date` a business date (the time part of a zone-less datetime is dropped) · `instant` UTC, microseconds ·
`currency` text, a code of the seed `currencies` (records/currencies.py) · `json` a nested object or list, kept as its
JSON text · `money` the same, with amounts and currencies in it that must be readable (records/nested_money.py) ·
`custom_fields` the same, values of custom fields that must have their keys (records/custom_fields.py)."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

META_COLUMNS = ("_landed_at", "_fingerprint", "_is_deleted", "_landing_file", "_unknown_fields")
"""Columns every raw table carries beside its declared ones: when the version was landed (UTC), the hash of its
content, whether it is a tombstone, the landing file it came from, and a JSON object of fields nobody declared."""


@dataclass(frozen=True)
class Column:
    """One declared column of a raw table."""

    name: str
    type: ColumnType
    field: str
    """The member's name in the vendor's JSON."""

    @property
    def is_nested(self) -> bool:
        """Whether the value is kept as JSON text."""
        return self.type in ("json", "money", "custom_fields")


@dataclass(frozen=True)
class RawTable:
    """One raw table: `raw_<system>.<name>`, a version of a record per row."""

    system: str
    name: str
    key: tuple[str, ...]
    """Column names that identify a record; versions of one record share them."""
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.system}.{self.name} declares a column twice")
        missing = set(self.key) - set(names)
        if missing:
            raise ValueError(f"{self.system}.{self.name} has key columns it does not declare: {sorted(missing)}")

    @property
    def dataset(self) -> str:
        """The DuckDB schema the table lives in."""
        return f"raw_{self.system}"


def columns(**types: str) -> tuple[Column, ...]:
    """Declares columns from vendor field names: `columns(counterpartyId="bigint")` is `counterparty_id`.

    Shape: one `Column` per keyword, in order; names are the vendor's own in snake case.
    """
    return tuple(
        Column(name=_CAMEL.sub("_", field).lower(), type=type_, field=field)  # type: ignore[arg-type]
        for field, type_ in types.items()
    )


@dataclass(frozen=True)
class Answer:
    """A record as a vendor returned it for a write: landed like any other record of its table."""

    table: RawTable
    record: bytes
    """The record's own JSON bytes, exactly as received."""
