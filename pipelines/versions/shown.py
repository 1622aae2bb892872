"""What bytes alone tell: which records came before, byte for byte, and so need not be read.

In: records as received, the latest version of each record. Out: the positions of the records that must be read, and
the latest versions with where they were shown again. Vendors list records in an order that hardly changes, and the
index keeps it, so most are found at once where they stood the last time; the others DuckDB finds by their hash.
What does not belong here: how bytes are hashed (`records/source_hashes.py`), comparing what was read (`versioning.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import ahead
from pipelines.records import source_hashes
from pipelines.versions.versioning import positions


@dataclass(frozen=True)
class Shown:
    """Records that came, against the latest versions."""

    unread: Sequence[int]
    """Positions of the records whose bytes are not those of a latest version."""
    latest: pa.Table
    """The latest versions, with `_at`: the position of the record that has the very bytes of the version, or null."""

    def again(self) -> pa.Table:
        """The latest versions that were shown byte for byte."""
        return self.latest.filter(pc.is_valid(self.latest["_at"]))


def shown(
    connection: duckdb.DuckDBPyConnection,
    records: Sequence[msgspec.Raw],
    latest: pa.Table,
    notice: Callable[[], None] | None = None,
) -> Shown:
    """Finds the records that came before.

    Args:
        connection: A cursor of one's own.
        records: JSON as received.
        latest: The latest versions (`versioning.latest_schema`); where `_source` is null, bytes are not known.
        notice: Called, from any thread, as soon as something is seen to have changed; perhaps more than once.
    """
    known = latest["_source"].combine_chunks()
    noticed = notice or (lambda: None)
    if known.null_count == len(known):
        noticed()
        return Shown(range(len(records)), latest.append_column("_at", pa.nulls(len(known), pa.int64())))

    def hashed(at: range) -> tuple[pa.Array, pa.Array]:
        piece = records[at.start : at.stop]
        hashes = source_hashes.hashes(piece, source_hashes.lines(piece))
        there = known[at.start : at.stop]
        same = pc.fill_null(pc.equal(hashes[: len(there)], there), fill_value=False)
        if len(there) < len(hashes) or not pc.all(same).as_py():
            noticed()
        return hashes, same

    pieces = list(ahead.in_order(hashed, ahead.steps(len(records))))
    arrived = pa.concat_arrays([hashes for hashes, _ in pieces] or [pa.array([], pa.int64())])
    in_place = pa.concat_arrays([same for _, same in pieces] or [pa.array([], pa.bool_())])
    both = len(in_place)
    if both == len(arrived) and pc.all(in_place, min_count=0).as_py():
        at = pa.concat_arrays([positions(range(both)), pa.nulls(len(known) - both, pa.int64())])
        return Shown((), latest.append_column("_at", at))
    elsewhere = pc.indices_nonzero(pc.invert(in_place)).cast(pa.int64())
    places = positions(range(both))
    at = pa.concat_arrays(
        [pc.if_else(in_place, places, pa.scalar(None, pa.int64())), pa.nulls(len(known) - both, pa.int64())]
    )
    to_find = pa.concat_arrays([elsewhere, positions(range(both, len(arrived)))])
    among = pa.concat_arrays([elsewhere, positions(range(both, len(known)))])
    connection.register("arrived", pa.table([arrived.take(to_find), to_find], ["_source", "_at"]))
    connection.register("former", pa.table([known.take(among), among], ["_source", "_place"]))
    found = connection.sql(
        "select arrived._at, min(_place) as _place from arrived left join former using (_source) "
        "group by arrived._at order by arrived._at"
    ).to_arrow_table()
    is_new = pc.is_null(found["_place"])
    moved = found.filter(pc.invert(is_new)).sort_by("_place")
    if moved.num_rows:
        # Of records with the same bytes the last one stands for the version; the others say nothing else.
        last = moved.group_by("_place").aggregate([("_at", "max")]).sort_by("_place")
        is_moved = pc.is_in(positions(range(len(known))), value_set=last["_place"].combine_chunks())
        at = pc.replace_with_mask(at, is_moved, last["_at_max"].combine_chunks())
    unread = found["_at"].filter(is_new).to_pylist()
    return Shown(unread, latest.append_column("_at", at))
