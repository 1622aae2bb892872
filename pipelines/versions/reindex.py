"""The latest version of each record, found in landing files where the index does not tell (`latest.py`).

In: a table's landing files. Out: what the index would hold, but for the hashes of bytes, which are not landed. Only the
columns that an index has are read. Most records have one version, so those that have more are found by their keys
alone, and nothing else is grouped; of a long history some files are looked at at a time.
What does not belong here: the index itself (`latest.py`), what changed (`versioning.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.ahead import STEP
from pipelines.raw_table import RawTable
from pipelines.records.fingerprints import METHOD, fingerprints
from pipelines.versions.repetitions import ascend
from pipelines.versions.versioning import key_columns, landing_schema, latest_schema, merged, placed, positions

_AT_ONCE = 1_000_000
"""Versions that are looked at together; a single file may have more."""


def from_files(connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[Path]) -> pa.Table:
    """The latest versions within some files.

    Args:
        connection: A cursor of one's own.
        table: What is declared.
        files: Landing files, in order of landing.

    Returns:
        `versioning.latest_schema(table)`, `_source` null. Records stand where their first versions stood, as they do
        in an index that was never lost; fingerprints of an earlier method are computed anew from the content.
    """
    found = latest_schema(table).empty_table()
    for some in _some_at_a_time(files):
        newer = _newest(connection, table, some)
        found = merged(table, found, placed(connection, table, newer, found)) if found.num_rows else newer
    return found


def _some_at_a_time(files: Sequence[Path]) -> Iterator[list[Path]]:
    some: list[Path] = []
    count = 0
    for file in files:
        rows = pq.read_metadata(file).num_rows
        if some and count + rows > _AT_ONCE:
            yield some
            some, count = [], 0
        some.append(file)
        count += rows
    if some:
        yield some


def _newest(connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[Path]) -> pa.Table:
    versions = pa.concat_tables(_read(table, file) for file in files)
    if ascend(table, versions):
        return versions
    keys = key_columns(table)
    at = positions(range(versions.num_rows))
    connection.register("versions", versions.select([*table.key, "_landed_at"]).append_column("_at", at))
    repeated = connection.sql(
        f"select {keys} from versions group by {keys} having count(*) > 1"  # noqa: S608
    ).to_arrow_table()
    if not repeated.num_rows:
        return versions
    connection.register("repeated", repeated)
    several = connection.sql(
        "select max({'landed_at': _landed_at, 'at': _at}).at as _newest, min(_at) as _first, list(_at) as _all "  # noqa: S608
        f"from versions semi join repeated using ({keys}) group by {keys}"
    ).to_arrow_table()
    is_repeated = pc.is_in(at, value_set=pc.list_flatten(several["_all"]).combine_chunks())
    once = at.filter(pc.invert(is_repeated))
    places = pa.table(
        {
            "_newest": pa.chunked_array([once, *several["_newest"].chunks]),
            "_first": pa.chunked_array([once, *several["_first"].chunks]),
        }
    ).sort_by("_first")
    return versions.take(places["_newest"])


def _read(table: RawTable, file: Path) -> pa.Table:
    """A file's versions as an index has them, each with the fingerprint of the present method."""
    schema = latest_schema(table)
    with pq.ParquetFile(file) as content:
        names = [name for name in schema.names if name in content.schema_arrow.names]
        groups = (content.read_row_group(group, names) for group in range(content.num_row_groups))
        rows = pa.concat_tables([_shaped(group, schema) for group in groups] or [schema.empty_table()])
        is_current = pc.or_(rows["_is_deleted"], pc.starts_with(rows["_fingerprint"], METHOD))
        if pc.all(is_current, min_count=0).as_py():
            return rows
        anew = pc.if_else(is_current, rows["_fingerprint"], pa.chunked_array(_fingerprints(table, content)))
    at = schema.get_field_index("_fingerprint")
    return rows.set_column(at, schema.field(at), anew)


def _fingerprints(table: RawTable, content: pq.ParquetFile) -> Iterator[pa.Array]:
    full = landing_schema(table)
    schema = pa.schema([full.field(name) for name in (*(column.name for column in table.columns), "_unknown_fields")])
    present = [name for name in schema.names if name in content.schema_arrow.names]
    for batch in content.iter_batches(STEP, columns=present):
        rows = _shaped(pa.table(batch), schema)
        yield fingerprints(table, [rows[name].combine_chunks() for name in schema.names])


def _shaped(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows with the columns and types of a schema; a column they lack is null."""
    names = set(rows.column_names)
    arrays = [
        rows[field.name].cast(field.type) if field.name in names else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
