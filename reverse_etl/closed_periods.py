"""Notes how far the books are closed, and what each closed period held when it was first seen closed.

In: the operations store, the company's setting, the built work file. Out: appended notes and checksums. What does not
belong here: what a closed period means for a date (dbt, `int_posting__closings`), the tie-out
(`closed_period_unchanged`).

Both are append-only facts of the trail: a setting moved back is one more note, a period closed again gets one more
checksum, and the ones before stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from reverse_etl.operations import Event, OperationsStore, instant_text
from reverse_etl.operations_tables import CLOSED_PERIODS

SETTING = "setting"
WEBHOOK = "webhook"

CHECKSUM_TABLES = ("operations.closed_period_checksums", "operations.closed_period_entries")
"""What `record_checksums` adds to, as the build names it."""

_UNRECORDED = """
    select period_start, period_end, entry_count_now, checksum_now
    from marts.fct_closed_periods
    where status = 'not_yet_recorded'
    order by period_start, period_end
"""
_ENTRIES = """
    select journal_entry_id, currency_code, entry_checksum, amount
    from intermediate.int_reconciliation__closed_period_entries
    where period_start = ? and period_end = ?
    order by journal_entry_id, currency_code
"""


def note_closing(store: OperationsStore, source: str, closed_through: date | None, *, at: datetime) -> bool:
    """Notes how far a source says the books are closed; says whether that was news.

    Args:
        store: The operations store.
        source: `SETTING`, whose last note counts, or `WEBHOOK`, of which each note stands for itself.
        closed_through: The last closed day; None where the setting closes nothing.
        at: The present instant, aware.
    """
    end = None if closed_through is None else closed_through.isoformat()
    noted = [row["period_end"] for row in _notes(store) if row["source"] == source]
    known = end in noted if source == WEBHOOK else (noted[-1] if noted else None) == end
    if known:
        return False
    note_id = f"{source} {instant_text(at)}"
    body = {"note_id": note_id, "source": source, "period_end": end, "closed_at": instant_text(at)}
    store.append([Event("closed_period", note_id, at, body)])
    return True


def record_checksums(store: OperationsStore, work: Path, *, at: datetime) -> int:
    """Records what each period holds that is closed and was not recorded since; returns how many there were.

    Raises:
        duckdb.Error: the work file was not built yet.
    """
    with duckdb.connect(str(work), read_only=True) as connection:
        events = [
            _checksum_event(start, end, count, checksum, connection.execute(_ENTRIES, [start, end]).fetchall(), at)
            for start, end, count, checksum in connection.execute(_UNRECORDED).fetchall()
        ]
    store.append(events)
    return len(events)


def _checksum_event(
    start: date, end: date, count: int, checksum: str, entries: Iterable[tuple[Any, ...]], at: datetime
) -> Event:
    checksum_id = f"{start.isoformat()}..{end.isoformat()} {instant_text(at)}"
    listed = [[entry, currency, digest, format(amount, "f")] for entry, currency, digest, amount in entries]
    body = {
        "checksum_id": checksum_id,
        "period_start": start.isoformat(),
        "period_end": end.isoformat(),
        "recorded_at": instant_text(at),
        "entry_count": count,
        "checksum": checksum,
        "entries": json.dumps(listed, separators=(",", ":"), ensure_ascii=False),
    }
    return Event("closed_period_checksum", checksum_id, at, body)


def _notes(store: OperationsStore) -> list[dict[str, Any]]:
    return sorted(store.rows(CLOSED_PERIODS), key=lambda row: (row["closed_at"], row["note_id"]))
