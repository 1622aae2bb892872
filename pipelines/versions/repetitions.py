"""Records of one read that have the same key: which of them stands for it, and which contradict each other.

In: the rows of a read, the latest versions. Out: the positions of the rows that do not land. A read whose keys ascend,
as vendors mostly list them, has none. What does not belong here: what is new in a row (`versioning.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.raw_table import RawTable
from pipelines.versions.versioning import ascending, key_columns


@dataclass(frozen=True)
class Repeats:
    """Rows of keys that came more than once, by position."""

    dropped: list[int]
    """Another row of the key stands for it, or its key is contradicted."""
    contradicted: list[int]
    """Of the dropped: their key came with different content, and order says nothing."""


def repeats(
    connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, shown: pa.Table, *, last_wins: bool
) -> Repeats:
    """Finds the rows that are not the one row of their key.

    Args:
        connection: A cursor of one's own.
        table: What is declared.
        rows: Rows read (`changed`).
        shown: The latest versions, with `_at` where a record came with their very bytes (`Shown.latest`).
        last_wins: Repetitions are versions in order of arrival, as overlapping pages make them.
    """
    if not rows.num_rows or (ascend(table, rows) and not _shown_too(rows, shown)):
        return Repeats([], [])
    keys = key_columns(table)
    connection.register("incoming", rows.select([*table.key, "_fingerprint", "_at"]))
    connection.register("latest", shown)
    seen = (
        f"(select {keys}, _fingerprint, _at from incoming union all "  # noqa: S608
        f"select {keys}, _fingerprint, _at from latest semi join incoming using ({keys}) where _at is not null)"
    )
    twice = connection.sql(f"select {keys} from {seen} group by {keys} having count(*) > 1").to_arrow_table()  # noqa: S608
    if not twice.num_rows:
        return Repeats([], [])
    connection.register("repeated", twice)
    twice = connection.sql(
        f"select {keys}, max(_at) as _last, count(distinct _fingerprint) > 1 as _differs "  # noqa: S608
        f"from {seen} semi join repeated using ({keys}) group by {keys}"
    ).to_arrow_table()
    connection.register("twice", twice)
    refused = "false" if last_wins else "_differs"
    found = connection.sql(
        f"select _at, {refused} from {seen} join twice using ({keys}) "  # noqa: S608
        f"where {refused} or _at <> _last order by _at"
    ).fetchall()
    return Repeats([at for at, _ in found], [at for at, contradicted in found if contradicted])


def ascend(table: RawTable, rows: pa.Table) -> bool:
    """Whether the keys are whole numbers, each larger than the one before, as vendors mostly list them."""
    if len(table.key) > 1 or not pa.types.is_integer(rows.schema.field(table.key[0]).type):
        return False
    return ascending(rows[table.key[0]].combine_chunks())


def _shown_too(rows: pa.Table, shown: pa.Table) -> bool:
    """Whether a record that was read has a key whose latest version came as well."""
    places = pc.drop_null(rows["_place"]).combine_chunks()
    return bool(len(places)) and shown["_at"].take(places).null_count < len(places)
