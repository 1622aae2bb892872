"""Rows behind tables that are as declared: one insert per table, all of them in one transaction.

In: landing files that tables lack, tables that dlt has made, with the columns and types declared today. Out: their
rows, under a load id that `_dlt_loads` explains like any load of dlt's; or nothing, if the process dies before the end.
What does not belong here: making tables and columns (`by_dlt.py`), finding what is lacking (`lacking.py`).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.loading.load_tables import LOAD_ID, Dataset, LoadTable

_A_MOMENT = Decimal("0.000001")


def append(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, files: Mapping[LoadTable, Collection[Path]]
) -> None:
    """Inserts landing files within the connection's transaction.

    Args:
        connection: The work file, in a transaction.
        dataset: Tables that are there as declared.
        files: What each of them lacks, in order of landing. A file that lacks a column declared since then has nulls
            in it.
    """
    load_id = _next_load_id(connection, dataset)
    for table, found in files.items():
        _insert(connection, table, found, load_id)
    _note(connection, dataset, load_id)


def _insert(connection: duckdb.DuckDBPyConnection, table: LoadTable, files: Collection[Path], load_id: str) -> None:
    for held, alike in itertools.groupby(files, pq.read_schema):
        present = set(held.names)
        columns = ", ".join(f'"{name}"' for name in table.schema.names if name in present)
        connection.execute(
            f'insert into {table.sql_name} by name select {columns}, $load_id as "{LOAD_ID}" from read_parquet($files)',  # noqa: S608
            {"load_id": load_id, "files": [str(file) for file in alike]},
        )


def _note(connection: duckdb.DuckDBPyConnection, dataset: Dataset, load_id: str) -> None:
    connection.execute(
        f'insert into "{dataset.name}"._dlt_loads by name '  # noqa: S608
        "select $load_id as load_id, $system as schema_name, 0 as status, now() as inserted_at, (select "
        f'arg_max(version_hash, inserted_at) from "{dataset.name}"._dlt_version where schema_name = $system'
        ") as schema_version_hash",
        {"load_id": load_id, "system": dataset.system},
    )


def _next_load_id(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> str:
    """Seconds since 1970, as dlt has it, but later than every load there is."""
    loads = connection.sql(f'select max(try_cast(load_id as decimal(20, 7))) from "{dataset.name}"._dlt_loads')  # noqa: S608
    ((newest,),) = loads.fetchall()
    now = Decimal(f"{time.time():.6f}")
    return str(now if newest is None else max(now, newest + _A_MOMENT))
