"""A document store: JSON records by table and id in one SQLite file.

In: records as dicts (money as decimal strings or whole numbers; a float is refused). Out: the same records,
in the order in which they were inserted, and sequences. What does not belong here: what a record means.

Each mutation is committed before it returns (WAL), so what a vendor has answered is still there after `kill
-9`. Reads come from memory: the file is read once, when the store is opened.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import msgspec

Record = dict[str, Any]

_SCHEMA = """
create table if not exists records (
    position integer primary key autoincrement, name text not null, id text not null, body blob not null,
    unique (name, id)
);
create table if not exists sequences (name text primary key, last integer not null);
"""


def _refuse_float(digits: str) -> NoReturn:
    raise ValueError(f"a record holds the float {digits}; money and measures are stored as decimal strings")


_DECODER = msgspec.json.Decoder(float_hook=_refuse_float)


class Store:
    """Records of one vendor.

    `get` and `all` return the store's own dicts: read them, never change them; to change a record, `put`
    another one. What `insert` and `put` are given is copied, so the caller may go on changing it.

    Ids may be strings or whole numbers; 7 and "7" are the same id.

    Args:
        path: The SQLite file, made when absent; ":memory:" keeps nothing.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # NORMAL keeps every commit through a killed process; only a power cut could lose the last ones.
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)
        self._tables: dict[str, dict[str, Record]] = {}
        self._sequences: dict[str, int] = {}
        self._depth = 0
        self._undo: list[Callable[[], object]] = []
        for name, identifier, body in self._connection.execute("select name, id, body from records order by position"):
            self._tables.setdefault(name, {})[identifier] = _DECODER.decode(body)
        self._sequences.update(self._connection.execute("select name, last from sequences"))

    def insert(self, table: str, identifier: str | int, record: Record) -> None:
        """Adds a record at the end of its table.

        Raises:
            KeyError: the table has a record with this id.
            ValueError: the record holds a float.
        """
        key, body = str(identifier), msgspec.json.encode(record)
        with self._lock:
            rows = self._tables.setdefault(table, {})
            if key in rows:
                raise KeyError(f"{table} {key} exists")
            kept = _DECODER.decode(body)
            self._write("insert into records (name, id, body) values (?, ?, ?)", (table, key, body))
            rows[key] = kept
            self._note(lambda: rows.pop(key, None))

    def put(self, table: str, identifier: str | int, record: Record) -> None:
        """Replaces a record in its place, or adds it when the table lacks it.

        Raises:
            ValueError: the record holds a float.
        """
        key = str(identifier)
        with self._lock:
            rows = self._tables.setdefault(table, {})
            before = rows.get(key)
            if before is None:
                self.insert(table, key, record)
                return
            body = msgspec.json.encode(record)
            kept = _DECODER.decode(body)
            self._write("update records set body = ? where name = ? and id = ?", (body, table, key))
            rows[key] = kept
            self._note(lambda: rows.__setitem__(key, before))

    def delete(self, table: str, identifier: str | int) -> None:
        """Removes a record.

        Raises:
            KeyError: the table has no record with this id.
        """
        key = str(identifier)
        with self._lock:
            rows = self._tables.get(table, {})
            if key not in rows:
                raise KeyError(f"{table} {key} does not exist")
            self._write("delete from records where name = ? and id = ?", (table, key))
            before = dict(rows)  # a record put back at the end would change the order of the table
            del rows[key]
            self._note(lambda: _restore(rows, before))

    def get(self, table: str, identifier: str | int) -> Record | None:
        """Returns one record, or None. Not to be changed."""
        return self._tables.get(table, {}).get(str(identifier))

    def all(self, table: str) -> list[Record]:
        """Returns a new list of a table's records in the order of their insertion. The records are not to be
        changed.
        """
        with self._lock:
            return list(self._tables.get(table, {}).values())

    def tables(self) -> dict[str, int]:
        """Returns how many records each table holds."""
        with self._lock:
            return {name: len(rows) for name, rows in self._tables.items()}

    def next_id(self, sequence: str) -> int:
        """Returns the next number of a sequence, starting with 1."""
        with self._lock:
            number = self._sequences.get(sequence, 0) + 1
            self._set_sequence(sequence, number)
            return number

    def reserve_ids(self, sequence: str, through: int) -> None:
        """Lets a sequence go on after `through`, when it has not passed it already."""
        with self._lock:
            if through > self._sequences.get(sequence, 0):
                self._set_sequence(sequence, through)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keeps all mutations inside, or none of them when an exception leaves it. Nested ones join the
        outermost.
        """
        with self._lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._connection.execute("begin immediate")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                for undo in reversed(self._undo):
                    undo()
                raise
            else:
                self._connection.execute("commit")
            finally:
                self._depth = 0
                self._undo.clear()

    def is_empty(self) -> bool:
        """Whether no table holds a record."""
        return not any(self._tables.values())

    def close(self) -> None:
        """Closes the file; the write-ahead log is folded into it."""
        self._connection.close()

    def _set_sequence(self, sequence: str, number: int) -> None:
        before = self._sequences.get(sequence)
        self._write("insert or replace into sequences (name, last) values (?, ?)", (sequence, number))
        self._sequences[sequence] = number
        if before is None:
            self._note(lambda: self._sequences.pop(sequence, None))
        else:
            self._note(lambda: self._sequences.__setitem__(sequence, before))

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        self._connection.execute(statement, values)

    def _note(self, undo: Callable[[], object]) -> None:
        if self._depth:
            self._undo.append(undo)


def _restore(rows: dict[str, Record], before: dict[str, Record]) -> None:
    rows.clear()
    rows.update(before)
