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

import duckdb
import pyarrow as pa

from pipelines import in_memory
from pipelines.ahead import STEP
from pipelines.fingerprints import METHOD, fingerprints
from pipelines.raw_table import RawTable
from pipelines.versioning import landing_schema, latest_schema, merged, placed

_FORMAT = 3
_LARGE = 100_000
"""Rows from which an index is written in the background."""

_SAVING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="index")
"""One thread, so that of two writings of an index the later one stays."""

_SQL_TYPES = {
    "text": "varchar",
    "bigint": "bigint",
    "boolean": "boolean",
    "decimal": "decimal(38, 10)",
    "date": "date",
    "instant": "timestamptz",
    "currency": "varchar",
    "json": "varchar",
    "money": "varchar",
    "custom_fields": "varchar",
}


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
        found = _from_files(connection, table, newer)
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
    told = {**_signature(table), "files": [file.name for file in files]}
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
    # DuckDB's hash of a record's bytes may differ in another version; then the records are only read once more.
    # A column declared since then must be filled from records that did not change.
    declared = [[column.name, column.type, column.field] for column in table.columns]
    return {"format": _FORMAT, "method": METHOD, "duckdb": duckdb.__version__, "key": table.key, "columns": declared}


def _load(table: RawTable, index: Path, present: set[str]) -> tuple[pa.Table, set[str]]:
    nothing = latest_schema(table).empty_table()
    try:
        # Read as it is used: an index is replaced by another file, never written to.
        held = pa.ipc.open_file(pa.memory_map(str(index))).read_all()
        told = json.loads(held.schema.metadata[b"tieout"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return nothing, set()
    known = set(told.pop("files"))
    if told != json.loads(json.dumps(_signature(table))) or not known <= present:
        return nothing, set()
    return held.replace_schema_metadata(None).cast(latest_schema(table)), known


def _from_files(connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[Path]) -> pa.Table:
    """The latest versions within some files; fingerprints of an earlier method are computed anew from the content.

    They stand where their records' first versions stood, as they do in an index that was never lost.
    """
    named = {"files": [str(file) for file in files]}
    content = connection.sql("from read_parquet($files, union_by_name = true) limit 0", params=named).columns
    types = {column.name: _SQL_TYPES[column.type] for column in table.columns} | {"_unknown_fields": "varchar"}
    declared = [
        f'"{name}"::{type_} as "{name}"' if name in content else f'null::{type_} as "{name}"'
        for name, type_ in types.items()
    ]
    keys = ", ".join(f'"{name}"' for name in table.key)
    place = "left(parse_filename(_landing_file), 12)::bigint << 36 | file_row_number"
    newest = (
        f"select {', '.join(declared)}, _landed_at, _fingerprint, _is_deleted, "  # noqa: S608
        f"min({place}) over (partition by {keys}) as _at "
        "from read_parquet($files, union_by_name = true, file_row_number = true) "
        f"qualify row_number() over (partition by {keys} order by _landed_at desc, _landing_file desc) = 1"
    )
    wanted = latest_schema(table).append(pa.field("_at", pa.int64()))
    selected = ", ".join(f'"{name}"' for name in wanted.names if name not in ("_at", "_source"))
    current = f"(_is_deleted or starts_with(_fingerprint, '{METHOD}'))"
    found = connection.sql(
        f"select {selected}, null::bigint as _source, _at from ({newest}) where {current}",  # noqa: S608
        params=named,
    ).to_arrow_table()
    parts = [found.cast(wanted)]
    older = connection.sql(f"select * from ({newest}) where not {current}", params=named)  # noqa: S608
    full = landing_schema(table)
    for batch in older.to_arrow_reader(STEP):
        rows = pa.table(batch)
        columns = [rows[name].combine_chunks().cast(full.field(name).type) for name in types]
        rows = rows.set_column(
            rows.schema.get_field_index("_fingerprint"), "_fingerprint", fingerprints(table, columns)
        )
        rows = rows.append_column("_source", pa.nulls(rows.num_rows, pa.int64()))
        parts.append(rows.select(wanted.names).cast(wanted))
    return pa.concat_tables(parts).sort_by("_at").drop_columns(["_at"])
