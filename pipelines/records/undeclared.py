"""Members that no column was declared for: kept in `_unknown_fields`, and told once, when a vendor begins to send them.

In: rows to be landed, and a table's landing files. Out: the names that no landed row has shown before.
What does not belong here: keeping them (`careful.py`), telling people (`tasks.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import in_memory

_NAMES = "select distinct unnest(json_keys(_unknown_fields)) as name from {rows} where _unknown_fields is not null"


class UndeclaredFields:
    """The undeclared members a landing came upon, gathered while it goes on."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def look_at(self, rows: pa.Table) -> None:
        """Notes the names in rows that are about to be landed."""
        column = rows["_unknown_fields"]
        if column.null_count == len(column):
            return
        with in_memory.cursor() as connection:
            connection.register("arriving", rows.select(["_unknown_fields"]))
            found = connection.execute(_NAMES.format(rows="arriving")).fetchall()
        self._names |= {name for (name,) in found}

    def not_in(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Those that no row of some landing files has, in order."""
        if not self._names:
            return ()
        told = [str(file) for file in files if "_unknown_fields" in pq.read_schema(file).names]
        if not told:
            return tuple(sorted(self._names))
        with in_memory.cursor() as connection:
            known = connection.execute(_NAMES.format(rows="read_parquet($files)"), {"files": told}).fetchall()
        return tuple(sorted(self._names - {name for (name,) in known}))
