"""DuckDB over Arrow tables in memory, for comparing rows many at a time.

In: nothing. Out: `cursor()`, a private view on one shared database: making a database takes 18 ms, a cursor 0.2 ms,
and an extraction needs a hundred of them. Nothing is stored here; the work file is opened in `loading/` alone.
"""

from __future__ import annotations

import functools
import threading

import duckdb

_LOCK = threading.Lock()


@functools.cache
def _database(threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads})


def cursor(*, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A cursor of one's own: what is registered on it nobody else sees. Close it, or use it as a context.

    With `threads=1` for pieces that are worked on in threads of ours: to hand a piece to DuckDB's own, and to wait for
    them, costs more than a piece.
    """
    with _LOCK:
        return _database(threads).cursor()
