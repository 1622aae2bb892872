"""What the work file lacks of landing/: tables, columns, files, or some of a file's rows.

In: the landing folder and the work file as it is; nothing else is remembered, and nothing is written. Out: a `Lacking`
per dataset. What does not belong here: loading (`backlog.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing import Landing
from pipelines.loading.load_tables import LOAD_ID, Dataset, LoadTable

SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.decimal128(38, 10): "DECIMAL(38,10)",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}
"""DuckDB's types of the columns of landing files."""

_OF_DLT = {"_dlt_loads", "_dlt_version"}


@dataclass
class Lacking:
    """What the work file lacks of a dataset."""

    dataset: Dataset
    files: dict[LoadTable, dict[Path, int]] = field(default_factory=dict)
    """Files whose rows are not, or not all, there, with their rows, in order of landing; for a table that does not
    exist perhaps none."""
    partial: dict[LoadTable, list[str]] = field(default_factory=dict)
    """Those of which some rows are there, as `_landing_file` names them."""
    columns: dict[LoadTable, list[pa.Field]] = field(default_factory=dict)
    """Columns declared since a table was made."""
    is_as_declared: bool = True
    """Whether every table is there with the columns and types of today, and dlt's own tables beside them."""

    def __bool__(self) -> bool:
        return bool(self.files or self.columns)


def lacking(landing: Landing, datasets: Sequence[Dataset]) -> list[Lacking]:
    """Compares landing/ with the work file; datasets that lack nothing are left out."""
    held = _Held(landing.work_path)
    return [found for dataset in datasets if (found := _lacking(landing, dataset, held))]


class _Held:
    """What the work file holds: per schema and table its columns with their types, and its rows per landing file."""

    def __init__(self, work_path: Path) -> None:
        self.columns: dict[tuple[str, str], dict[str, str]] = {}
        self.rows: dict[tuple[str, str], dict[str, int]] = {}
        if not work_path.exists():
            return
        with duckdb.connect(str(work_path), read_only=True) as connection:
            for schema, table, column, type_ in connection.sql(
                "select table_schema, table_name, column_name, data_type from information_schema.columns "
                "where table_schema like 'raw\\_%' escape '\\' or table_schema = 'quarantine'"
            ).fetchall():
                self.columns.setdefault((schema, table), {})[column] = type_
            self.rows = {name: {} for name, columns in self.columns.items() if "_landing_file" in columns}
            for schema, table, file, count in self._counts(connection):
                self.rows[schema, table][file] = count

    def _counts(self, connection: duckdb.DuckDBPyConnection) -> Sequence[tuple[str, str, str, int]]:
        if not self.rows:
            return []
        counts = " union all ".join(
            f"select '{schema}', '{table}', _landing_file, count(*) "  # noqa: S608
            f'from "{schema}"."{table}" where _landing_file is not null group by all'
            for schema, table in self.rows
        )
        return connection.sql(counts).fetchall()

    def tables(self, schema: str) -> set[str]:
        return {table for of, table in self.columns if of == schema}


def _lacking(landing: Landing, dataset: Dataset, held: _Held) -> Lacking:
    found = Lacking(dataset, is_as_declared=held.tables(dataset.name) >= _OF_DLT)
    for table in dataset.tables:
        name = (table.dataset, table.name)
        rows, columns = held.rows.get(name), held.columns.get(name, {})
        files = _missing_files(landing, table, rows or {})
        if files or rows is None:
            found.files[table] = files
        if rows is None:
            found.is_as_declared = False
            continue
        if partial := [name for name in map(landing.relative, files) if name in rows]:
            found.partial[table] = partial
        if missing := [field for field in table.schema if field.name not in columns]:
            found.columns[table] = missing
        if any(columns.get(name) != type_ for name, type_ in _declared(table)):
            found.is_as_declared = False
    return found


def _declared(table: LoadTable) -> Iterator[tuple[str, str]]:
    yield from ((field.name, SQL_TYPES[field.type]) for field in table.schema)
    yield LOAD_ID, SQL_TYPES[pa.string()]


def _missing_files(landing: Landing, table: LoadTable, held: Mapping[str, int]) -> dict[Path, int]:
    counts = {file: pq.read_metadata(file).num_rows for file in landing.files(table.system, table.name)}
    return {file: count for file, count in counts.items() if held.get(landing.relative(file), 0) != count}
