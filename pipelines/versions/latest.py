"""The latest version of each record, kept in an index so that a landing need not read all history.

In: a table's landing files, and the index as the last landing left it. Out: a table of key, dates, fingerprint, and
what the record looked like as bytes. The index is derived: deleted, damaged, or made by another method or for other
columns, it is built anew from the landing files.
What does not belong here: deciding what changed (`versioning.py`), writing landing files (`landing.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import in_memory
from pipelines.raw_table import RawTable
from pipelines.records import source_hashes
from pipelines.records.fingerprints import METHOD
from pipelines.versions.reindex import from_files
from pipelines.versions.versioning import latest_schema, merged, placed

_FORMAT = 3
_LARGE = 100_000
"""Rows from which an index is written in the background."""

_SAVING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="index")
"""One thread, so that of two writings of an index the later one stays."""


def read(table: RawTable, files: Sequence[Path], index: Path) -> pa.Table:
    """The latest version of each record, gone ones included.

    Args:
        table: What is declared.
        files: All its landing files, in order of landing.
        index: Where the index is, or will be.

    Returns:
        `versioning.latest_schema(table)`; of landing files that the index knows nothing is read.
    """
    held, known = _load(table, index, {file.name for file in files})
    newer = [file for file in files if file.name not in known]
    if not newer:
        return held
    with in_memory.cursor() as connection:
        found = from_files(connection, table, newer)
        return merged(table, held, placed(connection, table, found, held)) if held.num_rows else found


def save(table: RawTable, latest: pa.Table, files: Sequence[Path], index: Path) -> None:
    """Leaves the index for the next process; it may be lost at any time.

    A large one is written in the background, while its rows are loaded. A process ends only once it is written; one
    that is killed, or has no room for it, leaves the index behind the landing files, and `read` makes up for it.
    """
    if latest.num_rows < _LARGE:
        _save(table, latest, files, index)
    else:
        _SAVING.submit(_save, table, latest, files, index)


def _save(table: RawTable, latest: pa.Table, files: Sequence[Path], index: Path) -> None:
    told = {**_signature(table), "hash": source_hashes.sample(), "files": [file.name for file in files]}
    index.parent.mkdir(parents=True, exist_ok=True)
    temporary = index.with_suffix(".tmp")
    marked = latest.replace_schema_metadata({"tieout": json.dumps(told)})
    with temporary.open("wb") as file:
        with pa.ipc.new_file(file, marked.schema) as writer:
            writer.write_table(marked)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(index)


def _signature(table: RawTable) -> dict[str, Any]:
    # A column declared since then must be filled from records that did not change.
    declared = [[column.name, column.type, column.field] for column in table.columns]
    return {"format": _FORMAT, "method": METHOD, "key": table.key, "columns": declared}


def _load(table: RawTable, index: Path, present: set[str]) -> tuple[pa.Table, set[str]]:
    schema = latest_schema(table)
    nothing = schema.empty_table()
    try:
        # Read as it is used: an index is replaced by another file, never written to.
        held = pa.ipc.open_file(pa.memory_map(str(index))).read_all()
        told = json.loads(held.schema.metadata[b"tieout"])
        known, hashed_by = set(told.pop("files")), told.pop("hash")
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return nothing, set()
    if told != json.loads(json.dumps(_signature(table))) or not known <= present:
        return nothing, set()
    held = held.replace_schema_metadata(None).cast(schema)
    if hashed_by != source_hashes.sample():
        # Another DuckDB hashes bytes differently: all records are read once more, their fingerprints still hold.
        at = schema.get_field_index("_source")
        held = held.set_column(at, schema.field(at), pa.nulls(held.num_rows, pa.int64()))
    return held, known
