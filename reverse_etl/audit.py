"""Proves that nobody changed the operations store: its own chain, and heads of it that were noted elsewhere.

In: the store, a file of noted heads. Out: `Verification`; one more noted head.
What does not belong here: what the events mean, and how a finding looks.

A chain shows an edit, a gap and a swap by itself. It cannot show a tail that was cut off, nor a log that somebody
sealed anew from end to end: for that its head must have been written down where the log's editor does not reach.
Each run notes the head in a file of one JSON line per note; a printed head can be compared by hand as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from reverse_etl.operations import GENESIS, OperationsStore, Verification, instant_text


@dataclass(frozen=True)
class NotedHead:
    """What the log's last event was at some instant."""

    events: int
    head: str
    at: str


def note_head(store: OperationsStore, path: Path, *, at: datetime) -> NotedHead:
    """Appends the log's present head to the file, durably, and returns it; an unchanged head is not noted twice.

    Notes are only ever appended: a log that was cut and has grown again must not overwrite what shows it.
    """
    events, head = store.tail()
    noted = NotedHead(events, head, instant_text(at))
    path.parent.mkdir(parents=True, exist_ok=True)
    if _last_line(path) == (events, head):
        return noted
    line = json.dumps({"events": events, "head": head, "at": noted.at}) + "\n"
    with path.open("a", encoding="utf-8") as file:
        # What a crash cut short stays where it is, on a line of its own.
        file.write(line if _ends_whole(path) else f"\n{line}")
        file.flush()
        os.fsync(file.fileno())
    return noted


def noted_heads(path: Path) -> list[NotedHead]:
    """Returns the heads noted in a file, oldest first; none where there is no file.

    Raises:
        ValueError: a line is not a noted head. A line that a crash cut short is passed over.
    """
    if not path.exists():
        return []
    noted = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            noted.append(NotedHead(int(told["events"]), str(told["head"]), str(told["at"])))
        except (ValueError, KeyError, TypeError):
            if line.startswith("{") and not line.endswith("}"):
                continue
            raise ValueError(f"{path}, line {number}, is not a noted head") from None
    return noted


def verify(store: OperationsStore, noted: Iterable[NotedHead] = (), *, head: str | None = None) -> Verification:
    """Walks the whole log and names the first record that is not as it was written.

    Args:
        store: the log.
        noted: heads that were written down; each must be the log's event of that number.
        head: a head that a person kept; some event must have it.

    Returns:
        What was found; `first_bad` is None when all is well.
    """
    known = sorted(noted, key=lambda one: one.events)
    hashes: dict[int, str] = {0: GENESIS}
    try:
        found = store.verify(hashes)
    except (DatabaseError, ValueError) as problem:
        reason = str(problem).splitlines()[0]
        unread = f"event {max(hashes) + 1} cannot be read: {reason}"
        found = Verification(max(hashes) + 1, hashes[max(hashes)], unread)
    is_broken = found.events not in hashes
    bad = (
        _contradiction(known, hashes)
        or (found.first_bad if is_broken else None)
        or _missing_tail(known, hashes)
        or _missing_head(head, hashes)
        or found.first_bad
    )
    return replace(found, first_bad=bad)


def _contradiction(known: list[NotedHead], hashes: dict[int, str]) -> str | None:
    """Names where the log, sound in itself, is not the one whose head was noted: somebody sealed it anew."""
    confirmed = 0
    for one in known:
        if one.events in hashes and hashes[one.events] != one.head:
            span = f"event {one.events}" if one.events == confirmed + 1 else f"one of events {confirmed + 1}"
            span += "" if one.events == confirmed + 1 else f" to {one.events}"
            return f"{span} was rewritten: on {one.at} event {one.events} had the head {one.head[:16]}…"
        confirmed = one.events
    return None


def _missing_tail(known: list[NotedHead], hashes: dict[int, str]) -> str | None:
    if not known or known[-1].events in hashes:
        return None
    first, last = len(hashes), known[-1]
    return f"event {first} is missing, and all after it: on {last.at} there were {last.events} events"


def _missing_head(head: str | None, hashes: dict[int, str]) -> str | None:
    if head is None or head in hashes.values():
        return None
    return f"event {len(hashes)} is missing, or one before it was rewritten: no event has the head {head}"


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) in (b"", b"\n")


def _last_line(path: Path) -> tuple[int, str] | None:
    try:
        noted = noted_heads(path)
    except ValueError:
        return None
    return (noted[-1].events, noted[-1].head) if noted else None
