"""What changed: versions and tombstones of a table, found by comparing rows in bulk.

In: typed rows as received, the latest version of each record, what the read covered. Out: the rows to append.
Keys are compared as typed values and content by fingerprint, in DuckDB over Arrow, never record by record.
What does not belong here: files (`landing.py`), typing (`typed.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from pipelines import in_memory
from pipelines.raw_table import RawTable
from pipelines.typed import Misfit, typed_schema

INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Scope:
    """The part of a table that a read covered in full, so that what it did not show is gone.

    Without a column: the whole table. With one: the rows whose date in that column is `since` or later.
    """

    column: str | None = None
    since: date | None = None

    def condition(self) -> str:
        """SQL over the latest versions."""
        return "true" if self.column is None else f"\"{self.column}\" >= date '{self.since}'"


EVERYTHING = Scope()


def landing_schema(table: RawTable) -> pa.Schema:
    """Arrow schema of a landing file, and of the raw table in DuckDB: declared columns, then `META_COLUMNS`."""
    typed = typed_schema(table)
    declared = [typed.field(column.name) for column in table.columns]
    return pa.schema(
        [
            *declared,
            ("_landed_at", INSTANT),
            ("_fingerprint", pa.string()),
            ("_is_deleted", pa.bool_()),
            ("_landing_file", pa.string()),
            ("_unknown_fields", pa.string()),
        ]
    )


def _keys(table: RawTable) -> str:
    return ", ".join(f'"{name}"' for name in table.key)


def _latest_columns(table: RawTable) -> list[str]:
    dates = [column.name for column in table.columns if column.type == "date" and column.name not in table.key]
    return [*table.key, *dates, "_landed_at", "_fingerprint", "_is_deleted"]


_NEWEST_FIRST = "order by _landed_at desc, _landing_file desc"


def read_latest(table: RawTable, files: list[Path]) -> pa.Table:
    """The latest version of each record in landing files: key, dates and meta columns; empty where there are none."""
    names = _latest_columns(table)
    if not files:
        return landing_schema(table).empty_table().select(names)
    selected = ", ".join(f'"{name}"' for name in names)
    with in_memory.cursor() as connection:
        relation = connection.sql(
            f"select {selected} from read_parquet($files, union_by_name = true) "  # noqa: S608
            f"qualify row_number() over (partition by {_keys(table)} {_NEWEST_FIRST}) = 1",
            params={"files": [str(file) for file in files]},
        )
        return _cast(relation.to_arrow_table(), table)


def _cast(rows: pa.Table, table: RawTable) -> pa.Table:
    schema = landing_schema(table)
    return rows.cast(pa.schema([schema.field(name) for name in rows.column_names]))


def without_repeats(
    connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, misfits: list[Misfit], *, last_wins: bool
) -> pa.Table:
    """One row per key.

    Args:
        connection: A cursor of one's own.
        table: What is declared.
        rows: Typed rows, in order of arrival.
        misfits: Gains the records whose key came with different contents, unless `last_wins`.
        last_wins: Repetitions are versions in order of arrival, as overlapping pages make them.
    """
    numbered = rows.append_column("_at", pa.array(range(rows.num_rows), pa.int64()))
    connection.register("received", numbered)
    if not last_wins:
        conflicting = connection.sql(
            f"select * exclude (_at) from received where ({_keys(table)}) in (select ({_keys(table)}) from received "  # noqa: S608
            f"group by {_keys(table)} having count(distinct _fingerprint) > 1)"
        ).to_arrow_table()
        for row in conflicting.to_pylist():
            key = "|".join(str(row[name]) for name in table.key)
            payload = msgspec.json.encode({name: value for name, value in row.items() if value is not None})
            misfits.append(Misfit(key, "the same key came twice with different content", payload))
        if conflicting.num_rows:
            connection.register("conflicting", conflicting)
            connection.sql(
                f"create temp table settled as "  # noqa: S608
                f"select * from received anti join conflicting using ({_keys(table)})"
            )
            connection.unregister("received")
            connection.register("received", connection.sql("from settled").to_arrow_table())
    return connection.sql(
        f"select * exclude (_at) from received "  # noqa: S608
        f"qualify row_number() over (partition by {_keys(table)} order by _at desc) = 1 order by _at"
    ).to_arrow_table()


def changed(connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, latest: pa.Table) -> pa.Table:
    """The rows that are new, came back, or differ from the latest version."""
    connection.register("incoming", rows)
    connection.register("latest", latest)
    return connection.sql(
        f"select incoming.* from incoming left join latest using ({_keys(table)}) "  # noqa: S608
        "where latest._fingerprint is null or latest._is_deleted "
        "or latest._fingerprint <> incoming._fingerprint"
    ).to_arrow_table()


def gone(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    rows: pa.Table,
    latest: pa.Table,
    misfits: list[Misfit],
    scope: Scope,
) -> pa.Table:
    """Keys of the latest versions that a read covering `scope` did not show; a record that was refused is not gone."""
    connection.register("seen", rows.select(list(table.key)))
    connection.register("refused", pa.table({"record_key": [misfit.record_key for misfit in misfits]}, _REFUSED))
    connection.register("latest", latest)
    readable = f"concat_ws('|', {_keys(table)})"
    return connection.sql(
        f"select {_keys(table)} from latest anti join seen using ({_keys(table)}) "  # noqa: S608
        f"where not _is_deleted and {scope.condition()} and {readable} not in (select record_key from refused)"
    ).to_arrow_table()


_REFUSED = pa.schema([("record_key", pa.string())])


def versions(table: RawTable, changed: pa.Table, gone: pa.Table | None, landed_at: datetime) -> pa.Table:
    """Changed rows and tombstones in the shape of a landing file, its own name still missing.

    A tombstone has its key and the meta columns; everything else is null.
    """
    schema = landing_schema(table)
    parts = [(changed, False)] + ([(gone, True)] if gone is not None else [])
    tables = []
    for rows, is_deleted in parts:
        count = rows.num_rows
        given = {
            "_landed_at": pa.array([landed_at] * count, INSTANT),
            "_is_deleted": pa.array([is_deleted] * count, pa.bool_()),
        }
        if is_deleted:
            given["_fingerprint"] = pa.array(["deleted"] * count, pa.string())
        present = set(rows.column_names)
        arrays = [
            given.get(field.name)
            if field.name in given
            else rows[field.name].cast(field.type)
            if field.name in present
            else pa.nulls(count, field.type)
            for field in schema
        ]
        tables.append(pa.table(arrays, schema=schema))
    return pa.concat_tables(tables)


def merged(connection: duckdb.DuckDBPyConnection, table: RawTable, latest: pa.Table, versions: pa.Table) -> pa.Table:
    """The latest versions after these were landed."""
    newer = versions.select(_latest_columns(table))
    connection.register("latest", latest)
    connection.register("newer", newer)
    kept = connection.sql(f"select latest.* from latest anti join newer using ({_keys(table)})").to_arrow_table()  # noqa: S608
    return pa.concat_tables([_cast(kept, table), newer])
