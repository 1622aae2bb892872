"""The operations store: an append-only, hash-chained trail of events, and the latest state folded from it.

In: events of deliveries, plans, runs and acceptances, each given with its time. Out: their latest state,
the proof that nobody changed the trail (`verify`), and Arrow tables for the warehouse (`export`).
What does not belong here: what a delivery's states mean (`delivery_log.py`), and any vendor.

SQLite runs in WAL mode with `synchronous=FULL`: an acknowledged commit survives kill -9 and a power cut, on which
"intent before act" rests. Only Python opens this file, never DuckDB (DESIGN section 2).
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, select
from sqlalchemy.engine import make_url

from reverse_etl.operations_export import arrow_tables, document_voids, exploded_entries
from reverse_etl.operations_fold import Event, fold, identity_of
from reverse_etl.operations_tables import (
    ACCEPTANCES,
    CLOSED_PERIOD_CHECKSUMS,
    CLOSED_PERIODS,
    DELIVERIES,
    EVENTS,
    HOLDS,
    PLANS,
    PROJECTIONS,
    RUNS,
    ensure_tables,
)

__all__ = ["GENESIS", "Event", "OperationsStore", "TamperedError", "Verification", "instant_text"]

GENESIS = "0" * 64
"""The hash that stands before the first event."""


@dataclass(frozen=True)
class Verification:
    """What `verify` found."""

    events: int
    head: str
    """The last event's hash: kept elsewhere, it shows a trail that lost its tail."""
    first_bad: str | None = None
    """The first record that is not as it was written, in words; None when all is well."""


class TamperedError(Exception):
    """A record of the store is not as it was written; nothing may be done on its word."""


def instant_text(value: datetime) -> str:
    """Returns an aware instant as ISO 8601 UTC with microseconds; a naive one is refused with ValueError."""
    if value.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class OperationsStore:
    """The store behind one URL (`sqlite:///…/operations.sqlite`); tables are made when they are missing."""

    def __init__(self, url: str | Path) -> None:
        """Opens the store. A bare path is taken as an SQLite file; the file's folder is made."""
        text = str(url) if "://" in str(url) else f"sqlite:///{url}"
        if (parsed := make_url(text)).get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = _engine(text)
        # One writer at a time within the process as well: the chain needs each event to see the one before.
        self._lock = threading.Lock()
        ensure_tables(self._engine)

    def close(self) -> None:
        """Gives the file back."""
        self._engine.dispose()

    def append(self, events: Sequence[Event]) -> None:
        """Appends events and folds them into their tables, in one commit.

        Either all of them are durable when this returns, or none was written (sqlalchemy's errors pass through).
        """
        if not events:
            return
        with self._lock, self._engine.begin() as connection:
            sequence, previous = _head(connection)
            rows = []
            for one in events:
                sequence += 1
                row = {"sequence": sequence, "kind": one.kind, "subject": one.subject, "at": instant_text(one.at)}
                row["body"] = _canonical(one.body)
                row["previous_hash"] = previous
                row["hash"] = previous = _seal(row)
                rows.append(row)
            connection.execute(insert(EVENTS), rows)
            fold(connection, events)

    def rows(self, table: Table, without: Sequence[str] = (), **equals: Any) -> list[dict[str, Any]]:
        """Returns the rows of one of the store's tables whose columns equal the values given; a list means any."""
        query = select(*(column for column in table.columns if column.name not in without))
        for name, value in equals.items():
            column = table.c[name]
            query = query.where(column.in_(value) if isinstance(value, list) else column == value)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def start_run(
        self, run_id: str, *, started_at: datetime, profile: str, as_of: date, run_by: str | None = None
    ) -> None:
        """Records that a run began, and by whom; its status is `running` until `finish_run`."""
        body = {
            "run_id": run_id,
            "started_at": instant_text(started_at),
            "profile": profile,
            "as_of_date": as_of.isoformat(),
            "run_by": run_by,
            "status": "running",
        }
        self.append([Event("run", run_id, started_at, body)])

    def finish_run(self, run_id: str, *, finished_at: datetime, status: str, exit_code: int, **figures: Any) -> None:
        """Records how a run ended.

        Args:
            run_id: The run given to `start_run`.
            finished_at: When it ended.
            status: In a word, such as `done`, `held`, `failed`.
            exit_code: Of DESIGN section 4.
            figures: Any of rounds, landed_rows, requests, planned, sent, rejected, unknown, held (counts),
                seconds (a number) and message (one line). Others are refused with TypeError.
        """
        names = {"rounds", "landed_rows", "requests", "planned", "sent", "rejected", "unknown", "held"}
        if extra := set(figures) - names - {"seconds", "message"}:
            raise TypeError(f"a run has no figures named {sorted(extra)}")
        body = {"finished_at": instant_text(finished_at), "status": status, "exit_code": exit_code, **figures}
        if (seconds := body.get("seconds")) is not None:
            body["seconds"] = f"{Decimal(str(seconds)):.3f}"
        self.append([Event("run", run_id, finished_at, body)])

    def runs(self, limit: int = 20) -> list[dict[str, Any]]:
        """Returns the latest runs, newest first."""
        query = select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.run_id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def verify(self, hashes: MutableMapping[int, str] | None = None) -> Verification:
        """Walks the whole trail and replays it: an edited, removed or moved event, or an edited state, is named.

        Args:
            hashes: Filled with each sound event's hash by its number, for who compares them with noted ones.
        """
        previous, expected, states = GENESIS, 0, _empty_states()
        with self._engine.connect() as connection:
            for row in connection.execute(select(EVENTS).order_by(EVENTS.c.sequence)).mappings():
                expected += 1
                if row["sequence"] != expected:
                    return Verification(expected, previous, f"event {expected} is missing")
                if row["previous_hash"] != previous or row["hash"] != _seal(dict(row)):
                    return Verification(expected, previous, f"event {expected} ({row['kind']} {row['subject']})")
                previous = row["hash"]
                if hashes is not None:
                    hashes[expected] = previous
                states[row["kind"]].setdefault(row["subject"], {}).update(json.loads(row["body"]))
            bad = _first_bad_state(connection, states)
        return Verification(expected, previous, bad)

    def tail(self) -> tuple[int, str]:
        """Returns the number of the last event and its hash: 0 and `GENESIS` where there is none."""
        with self._engine.connect() as connection:
            return _head(connection)

    def events(self, *, kind: str | None = None, subject: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Returns the latest events, newest first; a subject is matched by any part of it."""
        query = select(EVENTS).order_by(EVENTS.c.sequence.desc()).limit(limit)
        if kind is not None:
            query = query.where(EVENTS.c.kind == kind)
        if subject is not None:
            query = query.where(EVENTS.c.subject.contains(subject, autoescape=True))
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def proven(self, kind: str, subject: str) -> dict[str, Any] | None:
        """Returns what a subject's events say, once each is proven to be as it was written; None without events.

        Raises:
            TamperedError: one of its events, the link to the event after it, or its row was altered.
        """
        where = (EVENTS.c.kind == kind) & (EVENTS.c.subject == subject)
        after, table, state = EVENTS.alias(), PROJECTIONS[kind], {}
        query = select(EVENTS, after.c.previous_hash.label("linked")).outerjoin(
            after, after.c.sequence == EVENTS.c.sequence + 1
        )
        with self._engine.connect() as connection:
            for row in connection.execute(query.where(where).order_by(EVENTS.c.sequence)).mappings():
                if row["hash"] != _seal(dict(row)) or row["linked"] not in (None, row["hash"]):
                    raise TamperedError(f"event {row['sequence']} ({kind} {subject}) is not as it was written")
                state.update(json.loads(row["body"]))
            matches = [table.c[name] == value for name, value in identity_of(table, subject).items()]
            stored = connection.execute(select(table).where(*matches)).mappings().first()
        if (stored is None) != (not state) or any(stored[name] != value for name, value in state.items() if stored):
            raise TamperedError(f"the state of {kind} {subject!r} is not what its events say")
        return None if stored is None else dict(stored)

    def export(self) -> dict[str, pyarrow.Table]:
        """Returns what the warehouse's `raw_operations` holds of the store: the tables of `operations_export`."""
        tables = {
            "deliveries": DELIVERIES,
            "runs": RUNS,
            "accepted_differences": ACCEPTANCES,
            "holds": HOLDS,
            "closed_periods": CLOSED_PERIODS,
            "closed_period_checksums": CLOSED_PERIOD_CHECKSUMS,
        }
        rows = {name: self.rows(table) for name, table in tables.items()}
        rows["closed_period_entries"] = exploded_entries(rows["closed_period_checksums"])
        rows["document_voids"] = document_voids(rows["deliveries"])
        return arrow_tables(rows)

    def head(self) -> str:
        """Returns a hash that changes whenever a delivery, an accepted difference, a hold or a closed period does.

        Runs and plans do not move it: a run that changes nothing must not make the next one rebuild anything.
        """
        kinds = EVENTS.c.kind.in_(("delivery", "acceptance", "hold", "closed_period", "closed_period_checksum"))
        query = select(EVENTS.c.hash).where(kinds).order_by(EVENTS.c.sequence.desc()).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or GENESIS

    def plan(self, plan_id: str) -> dict[str, Any] | None:
        """Returns a saved plan's row, or None."""
        found = self.rows(PLANS, plan_id=plan_id)
        return found[0] if found else None


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if make_url(url).get_backend_name() == "sqlite":

        @event.listens_for(engine, "connect")
        def _durable(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _head(connection: Connection) -> tuple[int, str]:
    query = select(EVENTS.c.sequence, EVENTS.c.hash).order_by(EVENTS.c.sequence.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    return (0, GENESIS) if last is None else (last.sequence, last.hash)


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _seal(row: Mapping[str, Any]) -> str:
    # Everything as text: what somebody has put in a column may be of any type, and must be found, not raised.
    parts = (str(row[name]) for name in ("sequence", "kind", "subject", "at", "body", "previous_hash"))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _empty_states() -> dict[str, dict[str, dict[str, Any]]]:
    return {kind: {} for kind in PROJECTIONS}


def _first_bad_state(connection: Connection, states: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str | None:
    """Compares each table with what its events say it must hold."""
    for kind, table in PROJECTIONS.items():
        stored = {_subject(table, dict(row)): dict(row) for row in connection.execute(select(table)).mappings()}
        for subject, body in states[kind].items():
            row = stored.pop(subject, None)
            if row is None or any(row[name] != value for name, value in body.items()):
                return f"the state of {kind} {subject!r} is not what its events say"
        if stored:
            return f"{kind} {next(iter(stored))!r} has a state but no event"
    return None


def _subject(table: Table, row: Mapping[str, Any]) -> str:
    return "\n".join(str(row[column.name]) for column in table.primary_key)
