"""What changed: versions and tombstones of a table, found by comparing rows in bulk.

In: records as received, typed rows, the latest version of each record, what the read covered. Out: what to append.
A record whose very bytes are those of a latest version is not even read (`shown.py`); of the others, keys are compared
as typed values and content by fingerprint, in DuckDB over Arrow, never record by record.
What does not belong here: files (`landing.py`, `latest.py`), typing (`records/typed.py`).
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.raw_table import RawTable
from pipelines.records.fingerprints import DELETED
from pipelines.records.typed import Misfit, typed_schema

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


def latest_schema(table: RawTable) -> pa.Schema:
    """What is known of a latest version: key, dates, meta columns, and `_source`, a hash of the record's bytes.

    `_source` is null where the bytes are not known; it is compared with hashes of one function only.
    """
    landed = landing_schema(table)
    dates = [column.name for column in table.columns if column.type == "date" and column.name not in table.key]
    names = [*table.key, *dates, "_landed_at", "_fingerprint", "_is_deleted"]
    return pa.schema([*(landed.field(name) for name in names), ("_source", pa.int64())])


def key_columns(table: RawTable) -> str:
    """SQL of a record's key columns."""
    return ", ".join(f'"{name}"' for name in table.key)


def key_text(table: RawTable) -> str:
    """SQL of a record's key as quarantine writes it (`careful.readable_key`): parts joined by `|`, instants in UTC."""
    types = {column.name: column.type for column in table.columns}
    parts = [
        f"strftime(\"{name}\" at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')" if types[name] == "instant" else f'"{name}"'
        for name in table.key
    ]
    return f"concat_ws('|', {', '.join(parts)})"


def positions(at: Sequence[int]) -> pa.Array:
    """Whole numbers as Arrow."""
    if isinstance(at, range):
        return pa.arange(at.start, at.stop, at.step)
    return pa.array(array("q", at), pa.int64())


def ascending(numbers: pa.Array) -> bool:
    """Whether each number is larger than the one before, and none is null."""
    return not numbers.null_count and bool(pc.all(pc.greater(numbers[1:], numbers[:-1]), min_count=0).as_py())


def arrived(table: RawTable, rows: pa.Table, source: pa.Array, at: Sequence[int]) -> pa.Table:
    """What is remembered of typed rows: the columns of `latest_schema` that they have, and their positions `_at`."""
    wanted = [name for name in latest_schema(table).names if name in rows.column_names]
    return rows.select(wanted).append_column("_source", source).append_column("_at", positions(at))


def changed(connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, latest: pa.Table) -> pa.Table:
    """Adds what the latest versions say of rows.

    Args:
        connection: A cursor of one's own.
        table: What is declared.
        rows: Rows read (`arrived`).
        latest: The latest versions.

    Returns:
        The rows with `_is_new`, whether a row is new, came back, or differs from the latest version, and `_place`,
        where that version stands among the latest, or null.
    """
    count = rows.num_rows
    if not latest.num_rows or not count:
        told = rows.append_column("_is_new", pa.repeat(pa.scalar(True), count))
        return told.append_column("_place", pa.nulls(count, pa.int64()))
    places = _places(connection, table, rows, latest)
    former = latest.select(["_fingerprint", "_is_deleted"]).take(places)
    is_same = pc.and_(pc.equal(former["_fingerprint"], rows["_fingerprint"]), pc.invert(former["_is_deleted"]))
    told = rows.append_column("_is_new", pc.invert(pc.fill_null(is_same, fill_value=False)))
    return told.append_column("_place", places)


def _places(
    connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, latest: pa.Table
) -> pa.ChunkedArray:
    """Where each row's key stands among the latest versions, or null.

    Most stand where they came in the answer (`_at`); only the others are looked up. The semi join leaves the few
    versions that matter: DuckDB would build its table of keys over all the latest, for every few rows anew.
    """
    places = _where_they_came(table, rows, latest)
    is_unknown = pc.is_null(places)
    unknown = rows.select(table.key).filter(is_unknown)
    if not unknown.num_rows:
        return pa.chunked_array([places])
    connection.register("incoming", unknown.append_column("_row", positions(range(unknown.num_rows))))
    connection.register("latest", latest.select(table.key).append_column("_place", positions(range(latest.num_rows))))
    found = connection.sql(
        f"with former as (select * from latest semi join incoming using ({key_columns(table)})) "  # noqa: S608
        f"select _place from incoming left join former using ({key_columns(table)}) order by _row"
    ).to_arrow_table()["_place"]
    return pa.chunked_array([pc.replace_with_mask(places, is_unknown, found.combine_chunks())])


def _where_they_came(table: RawTable, rows: pa.Table, latest: pa.Table) -> pa.Array:
    """The rows' own positions where the latest version there has their key, else null."""
    if "_at" not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.int64())
    at = rows["_at"].combine_chunks()
    at = pc.if_else(pc.less(at, latest.num_rows), at, pa.scalar(None, pa.int64()))
    there = latest.select(table.key).take(at)
    same = [pc.equal(there[name], rows[name]) for name in table.key]
    return pc.if_else(functools.reduce(pc.and_, same), at, pa.scalar(None, pa.int64())).combine_chunks()


def gone(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    rows: pa.Table,
    shown: pa.Table,
    misfits: list[Misfit],
    scope: Scope,
) -> pa.Table:
    """Keys of the latest versions that a read covering `scope` did not show; a record that was refused is not gone.

    Args:
        connection: A cursor of one's own.
        table: What is declared.
        rows: Rows read (`changed`).
        shown: The latest versions, with `_at` where a record came with their very bytes (`Shown.latest`).
        misfits: The records that were refused.
        scope: What was read in full.
    """
    missing = pc.indices_nonzero(pc.and_(pc.is_null(shown["_at"]), pc.invert(shown["_is_deleted"]))).cast(pa.int64())
    read = pc.drop_null(rows["_place"]).combine_chunks()
    if missing.equals(read):  # all was read again, in its order
        return shown.schema.empty_table().select(table.key)
    unseen = shown.take(missing.filter(pc.invert(pc.is_in(missing, value_set=read))))
    if not unseen.num_rows:
        return unseen.select(table.key)
    connection.register("refused", pa.table({"record_key": [misfit.record_key for misfit in misfits]}, _REFUSED))
    connection.register("unseen", unseen)
    return connection.sql(
        f"select {key_columns(table)} from unseen where {scope.condition()} "  # noqa: S608
        f"and {key_text(table)} not in (select record_key from refused)"
    ).to_arrow_table()


def buried(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    keys: Sequence[tuple[object, ...]],
    rows: pa.Table,
    latest: pa.Table,
) -> pa.Table:
    """Those of the keys that are landed, not gone yet, and not among the rows read."""
    schema = pa.schema([landing_schema(table).field(name) for name in table.key])
    told = pa.table([[key[at] for key in keys] for at in range(len(table.key))], schema=schema)
    if not keys:
        return told
    connection.register("told", told)
    connection.register("shown", rows.select(list(table.key)))
    connection.register("latest", latest)
    return (
        connection.sql(
            f"select distinct {key_columns(table)} from told "  # noqa: S608
            f"semi join (from latest where not _is_deleted) using ({key_columns(table)}) "
            f"anti join shown using ({key_columns(table)})"
        )
        .to_arrow_table()
        .cast(schema)
    )


_REFUSED = pa.schema([("record_key", pa.string())])


def versions(table: RawTable, rows: pa.Table, landed_at: datetime, *, are_gone: bool = False) -> pa.Table:
    """Rows in the shape of a landing file, its own name still missing.

    A tombstone (`are_gone`) has its key and the meta columns; everything else is null.
    """
    count = rows.num_rows
    given = {
        "_landed_at": pa.repeat(pa.scalar(landed_at, INSTANT), count),
        "_is_deleted": pa.repeat(pa.scalar(are_gone), count),
    }
    if are_gone:
        given["_fingerprint"] = pa.repeat(pa.scalar(DELETED), count)
    present = set(rows.column_names)
    schema = landing_schema(table)
    arrays = [
        given[field.name]
        if field.name in given
        else rows[field.name].cast(field.type)
        if field.name in present
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def merged(table: RawTable, latest: pa.Table, newer: pa.Table) -> pa.Table:
    """The latest versions after these.

    Args:
        table: What is declared.
        latest: The latest versions before.
        newer: `latest_schema` and `_place` (`placed`), one row per key. Where nothing changed (`_landed_at` null), the
            time stays.

    Returns:
        Versions keep their places and new records come behind, so that the next answer finds them in the vendor's
        order.
    """
    schema = latest_schema(table)
    fresh = newer.select(schema.names).cast(schema)
    if not latest.num_rows:
        return fresh
    places = newer["_place"].combine_chunks()
    at = schema.get_field_index("_landed_at")
    former = latest["_landed_at"].take(places)
    fresh = fresh.set_column(at, schema.field(at), pc.coalesce(fresh["_landed_at"], former))
    if ascending(places):  # then, as where all was read again in its order, nothing large is copied
        if len(places) == latest.num_rows:
            return fresh
        instead = fresh
    else:
        instead = fresh.append_column("_place", places).filter(pc.is_valid(places)).sort_by("_place")
    is_replaced = pc.is_in(positions(range(latest.num_rows)), value_set=places)
    kept = [
        latest[name]
        if name in table.key
        else pc.replace_with_mask(latest[name].combine_chunks(), is_replaced, instead[name].combine_chunks())
        for name in schema.names
    ]
    new = fresh.filter(pc.is_null(places))
    return pa.concat_tables([pa.table(kept, schema=schema), new])


def placed(connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, latest: pa.Table) -> pa.Table:
    """Adds `_place`, where each row's key stands among the latest versions, or null."""
    known = rows.num_rows and latest.num_rows
    places = _places(connection, table, rows, latest) if known else pa.nulls(rows.num_rows, pa.int64())
    return rows.append_column("_place", places)
