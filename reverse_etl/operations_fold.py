"""Folds events of the operations store into the tables that hold the latest state.

In: events, in order. Out: rows of `operations_tables.PROJECTIONS`, made or changed within the caller's transaction.
What does not belong here: the chain of events (`operations.py`).

Thousands of intents and outcomes go through here in one push, so rows that set the same columns share one statement.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, insert, select, tuple_, update

from reverse_etl.operations_tables import PROJECTIONS

_ASKED_AT_ONCE = 500


@dataclass(frozen=True)
class Event:
    """One fact to append: the columns of the subject's row that it sets."""

    kind: str
    """A key of `PROJECTIONS`."""
    subject: str
    """The row's identity within its kind."""
    at: datetime
    body: Mapping[str, Any]


def fold(connection: Connection, events: Sequence[Event]) -> None:
    """Brings the rows of the subjects up to date: a statement per kind and set of columns, however many events."""
    alike: dict[tuple[str, frozenset[str]], list[Event]] = {}
    seen: set[tuple[str, str]] = set()
    for one in events:
        if (one.kind, one.subject) in seen:
            # A subject's own events keep their order.
            _fold_alike(connection, alike)
            alike, seen = {}, set()
        seen.add((one.kind, one.subject))
        alike.setdefault((one.kind, frozenset(one.body)), []).append(one)
    _fold_alike(connection, alike)


def _fold_alike(connection: Connection, alike: Mapping[tuple[str, frozenset[str]], Sequence[Event]]) -> None:
    for (kind, names), events in alike.items():
        table = PROJECTIONS[kind]
        keys = [column.name for column in table.primary_key]
        wanted = {tuple(identity_of(table, one.subject).values()): one for one in events}
        there = _existing(connection, table, list(wanted))
        changed = [
            {**one.body, **{f"key_{name}": value for name, value in zip(keys, identity, strict=True)}}
            for identity, one in wanted.items()
            if identity in there
        ]
        if changed and names:
            connection.execute(_update(table, names), changed)
        if made := [
            {**one.body, **dict(zip(keys, identity, strict=True))}
            for identity, one in wanted.items()
            if identity not in there
        ]:
            connection.execute(insert(table), made)


@functools.cache
def _update(table: Table, names: frozenset[str]) -> Update:
    """The statement that sets columns of a row found by its key; built once, because building it costs most."""
    matches = [column == bindparam(f"key_{column.name}") for column in table.primary_key]
    return update(table).where(*matches).values({name: bindparam(name) for name in sorted(names)})


def _existing(connection: Connection, table: Table, identities: Sequence[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Which of these keys the table has."""
    columns = list(table.primary_key)
    found: set[tuple[str, ...]] = set()
    for start in range(0, len(identities), _ASKED_AT_ONCE):
        part = identities[start : start + _ASKED_AT_ONCE]
        if len(columns) == 1:
            matches = columns[0].in_([identity[0] for identity in part])
        else:
            matches = tuple_(*columns).in_(part)
        found |= {tuple(str(value) for value in row) for row in connection.execute(select(*columns).where(matches))}
    return found


def identity_of(table: Table, subject: str) -> dict[str, Any]:
    """Returns the columns that make up a subject, by name."""
    keys = [column.name for column in table.primary_key]
    return {keys[0]: subject} if len(keys) == 1 else dict(zip(keys, subject.split("\n"), strict=True))
