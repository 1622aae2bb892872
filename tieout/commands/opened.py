"""What commands read from: the operations store, and the newest published snapshot.

In: settings. Out: both, opened and closed again. What does not belong here: writing to a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tieout import publish
from tieout.errors import TieoutError

if TYPE_CHECKING:
    from reverse_etl.operations import OperationsStore
    from tieout.settings import Settings


@contextmanager
def operations_store(settings: Settings) -> Iterator[OperationsStore]:
    """Yields the profile's operations store.

    Raises:
        TieoutError: there is none yet.
    """
    from reverse_etl.operations import OperationsStore

    if not settings.paths.operations.exists():
        raise TieoutError(f"{settings.paths.operations} does not exist yet; the first run makes it")
    store = OperationsStore(settings.paths.operations)
    try:
        yield store
    finally:
        store.close()


@dataclass(frozen=True)
class Warehouse:
    """A published snapshot to ask."""

    path: Path
    number: int

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Returns a query's rows by their columns' names.

        Raises:
            duckdb.Error: the query does not fit the snapshot.
        """
        cursor = self._connection.execute(query, list(values))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """Opened once: a snapshot never changes, and opening one takes longer than most questions to it."""
        return duckdb.connect(str(self.path), read_only=True)


def warehouse(settings: Settings) -> Warehouse:
    """Returns the newest snapshot.

    Raises:
        TieoutError: nothing has been published yet.
    """
    published = publish.current(settings.paths)
    if published is None:
        raise TieoutError(f"nothing has been published below {settings.paths.data_dir} yet; `tieout run` does it")
    return Warehouse(published.path, published.number)


def missing(settings: Settings, record: str) -> str | None:
    """Says that the newest snapshot has nothing by the name of a record; None where it has, or there is none yet.

    Args:
        settings: The profile's.
        record: `order:210`, or a sync's own key, whole or its beginning.
    """
    try:
        snapshot = warehouse(settings)
    except TieoutError:
        return None
    kind, _, record_id = record.partition(":")
    if kind == "order":
        orders = snapshot.rows("select 1 from marts.fct_orders where order_id::varchar = ?", [record_id])
        return None if orders else f"ATLAS ETRM has no order {record_id} (snapshot {snapshot.number})"
    tables = snapshot.rows(
        "select schema_name || '.' || table_name as name from duckdb_columns()"
        " where column_name = 'sync_key' and (schema_name = 'sync' or table_name = 'fct_deliveries') order by 1"
    )
    found = any(
        snapshot.rows(f"select 1 from {table['name']} where starts_with(sync_key, ?) limit 1", [record])  # noqa: S608
        for table in tables
    )
    return None if found else f"no write is due or was made for {record} (snapshot {snapshot.number})"
