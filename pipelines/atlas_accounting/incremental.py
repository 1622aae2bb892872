"""Where an incremental read of a list begins, told by landing/ alone (contract section 5, "Incremental rule").

In: the landing folder. Out: `State` (what a read may skip, and whether a full one is due) and `remember`.
The vendor has no filter for what changed. Sorted ascending by `updated_at`, though, whatever changed stands at the
end, so a read begins at the page where the records landed before leave off. How far that was is landed beside the
records, as `landing/atlas_accounting/list_reads`: the newest `updated_at` among *landed* records would not do, because
answers to our own writes are landed too and would step over what others changed before them.
What does not belong here: requests (`paging.py`), what is read at all (`source.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from pipelines import in_memory, list_reads
from pipelines.atlas_accounting.tables import LIST_READS
from pipelines.landing import Landing
from pipelines.raw_table import RawTable

OVERLAP = timedelta(minutes=10)
"""Read again before the cursor: a change may become visible later than one with a later `updated_at`."""

_MOST_OVERLAP = 40
"""Records read again at most, so that a run in which nothing changed needs one page, even after a bulk import."""


@dataclass(frozen=True)
class Tail:
    """The end of a list that has to be read."""

    start: int
    """Position of the first record to read, counted from 0 as the list was; what changed since only moves it down."""
    cutoff: datetime
    """Everything updated at this instant or later has to be read."""
    count: int
    """Length of the list as it was."""
    ids: frozenset[str]
    """Records landed and not deleted."""
    uncounted: int
    """Records the list had beyond those at its last full read: refused ones."""


@dataclass(frozen=True)
class State:
    """What is known of a list before it is read."""

    ids: frozenset[str]
    updated: tuple[datetime, ...]
    """Ascending, of the records landed and not deleted that tell it."""
    cursor: datetime | None = None
    """The newest `updated_at` that a read of the list has shown; None where it never told any."""
    full_read_at: datetime | None = None
    uncounted: int = 0

    def tail(self, now: datetime, since: date | None = None) -> Tail | None:
        """What to read; None where the list has to be read in full.

        Args:
            now: By the run's clock.
            since: Day from which changes are read again in any case.
        """
        is_recent = list_reads.is_recent(self.full_read_at, now)
        if self.cursor is None or not is_recent or not self.updated or len(self.updated) != len(self.ids):
            return None
        reached = bisect_right(self.updated, self.cursor)
        start = max(bisect_left(self.updated, self.cursor - OVERLAP), reached - _MOST_OVERLAP)
        if since is not None:
            start = min(start, bisect_left(self.updated, datetime.combine(since, time(), UTC)))
        start = min(start, len(self.updated) - 1)
        return Tail(start, self.updated[start], len(self.ids) + self.uncounted, self.ids, self.uncounted)


def state(landing: Landing, table: RawTable) -> State:
    """What landing/ holds of a list."""
    files = [str(file) for file in landing.files(table.system, table.name)]
    if not files:
        return State(frozenset(), ())
    with in_memory.cursor() as connection:
        rows = connection.sql(
            "select id, updated_at from (select id, updated_at, _is_deleted from "
            "read_parquet($files, union_by_name = true) qualify row_number() over "
            "(partition by id order by _landed_at desc, _landing_file desc) = 1) where not _is_deleted",
            params={"files": files},
        ).to_arrow_table()
    told = list_reads.last(landing, LIST_READS, table.name)
    updated = sorted(moment.astimezone(UTC) for moment in rows["updated_at"].to_pylist() if moment is not None)
    return State(
        frozenset(rows["id"].to_pylist()), tuple(updated), told["cursor"], told["full_read_at"], told["uncounted"] or 0
    )


def remember(
    landing: Landing, table: RawTable, *, cursor: datetime | None, full_read_at: datetime | None, uncounted: int
) -> None:
    """Lands how far a list was read; nothing where that is known. Call it once the records themselves are landed."""
    row = {
        "list_name": table.name,
        "cursor": cursor.isoformat() if cursor else None,
        "full_read_at": full_read_at.isoformat() if full_read_at else None,
        "uncounted": uncounted,
    }
    landing.land(LIST_READS, [msgspec.Raw(msgspec.json.encode(row))])


class _Stamped(msgspec.Struct):
    updated_at: datetime | None = None


def newest(records: Iterable[msgspec.Raw]) -> datetime | None:
    """The latest `updated_at` among records; a time without a zone is UTC. Unreadable ones are passed over."""
    moments = [moment for record in records if (moment := updated_at(record)) is not None]
    return max(moments, default=None)


def updated_at(record: msgspec.Raw) -> datetime | None:
    """When a record says it was last changed."""
    try:
        moment = msgspec.json.decode(record, type=_Stamped).updated_at
    except msgspec.MsgspecError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
