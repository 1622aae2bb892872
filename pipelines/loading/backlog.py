"""From landing files into `work.duckdb`, strictly one dataset after the other.

In: the landing folder and the work file. Out: every landing file's rows in `raw_<system>.<table>`, once; every
declared table exists, even when empty.
dlt makes tables and columns, and loads what comes with them (`by_dlt.py`). Rows behind tables that are as declared
are inserted as they lie (`appending.py`): dlt is not even imported. What is loaded is read from the work file itself
(`lacking.py`), never from a state of dlt's: so a run that was killed half way, or a deleted work file, is simply made
good from landing/.
What does not belong here: reading vendors, deciding what changed (`landing.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from pipelines.landing import Landing
from pipelines.loading import appending, by_dlt
from pipelines.loading.lacking import SQL_TYPES, Lacking, lacking
from pipelines.loading.load_tables import QUARANTINE, Dataset

QUARANTINE_DATASET = Dataset("quarantine", (QUARANTINE,), by_dlt.quarantine_source)


def load_missing(landing: Landing, datasets: Sequence[Dataset]) -> dict[str, int]:
    """Loads what the work file lacks.

    Args:
        landing: Folder and work file.
        datasets: What is declared.

    Returns:
        Rows loaded by `<system>.<table>`; a table that was only created is not in it.
    """
    todo = lacking(landing, datasets)
    if todo:
        landing.work_path.parent.mkdir(parents=True, exist_ok=True)
        pa.default_memory_pool().release_unused()  # what typing needed, DuckDB may have
        # One connection for all: to open and close the file costs a checkpoint each time.
        with duckdb.connect(str(landing.work_path)) as connection:
            for found in todo:
                if not found.is_as_declared:
                    _prepare(connection, found)
                    if found.files:
                        files = {table.name: list(files) for table, files in found.files.items()}
                        by_dlt.load(connection, landing.dlt_dir, found.dataset, files)
            _append(connection, [found for found in todo if found.is_as_declared])
    return {
        f"{table.system}.{table.name}": sum(files.values())
        for found in todo
        for table, files in found.files.items()
        if files
    }


def _append(connection: duckdb.DuckDBPyConnection, todo: Sequence[Lacking]) -> None:
    """Loads what belongs behind tables that are as declared: all of its rows or none."""
    connection.begin()
    for found in todo:
        _prepare(connection, found)
        appending.append(connection, found.dataset, found.files)
    connection.commit()


def _prepare(connection: duckdb.DuckDBPyConnection, found: Lacking) -> None:
    """Brings tables to where their files can be loaded.

    Files of which only some rows are there lose those. Columns declared since a table was made are added: dlt does so
    only with rows, but models name them at once.
    """
    for table, fields in found.columns.items():
        for field in fields:
            connection.execute(f'alter table {table.sql_name} add column "{field.name}" {SQL_TYPES[field.type]}')
    for table, partial in found.partial.items():
        connection.execute(f"delete from {table.sql_name} where _landing_file in (select unnest($1))", [partial])  # noqa: S608
