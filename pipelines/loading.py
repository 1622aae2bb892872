"""From landing files into `work.duckdb`, by dlt, strictly one dataset after the other.

In: the landing folder and the work file. Out: every landing file's rows in `raw_<system>.<table>`, once; every
declared table exists, even when empty.
What is loaded is read from the work file itself (`_landing_file` with its row count), never from a state of
dlt's: so a run that was killed half way, or a deleted work file, is simply made good from landing/. dlt is
imported only when there is something to load.
What does not belong here: reading vendors, deciding what changed (`landing.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import loader
from pipelines.landing import QUARANTINE_SCHEMA, Landing
from pipelines.raw_table import RawTable
from pipelines.versioning import landing_schema

_ROWS_AT_ONCE = 100_000

_WHOLE_FROM = 50_000
"""Rows from which a landing file is handed to DuckDB as it is, rather than written out again by dlt."""

_LOAD_ID = "_dlt_load_id"


@dataclass(frozen=True)
class LoadTable:
    """A table to load: where its landing files are, and its explicit schema."""

    system: str
    name: str
    schema: pa.Schema

    @property
    def dataset(self) -> str:
        """DuckDB schema: `raw_<system>`, or `quarantine`."""
        return "quarantine" if self.system == "quarantine" else f"raw_{self.system}"


QUARANTINE = LoadTable("quarantine", "records", QUARANTINE_SCHEMA)


def load_table(table: RawTable) -> LoadTable:
    """A raw table as something to load."""
    return LoadTable(table.system, table.name, landing_schema(table))


SourceFactory = Callable[[Mapping[str, Sequence[Path]]], Any]
"""From the files to load, per table name, to a dlt source with a resource per table named; no files makes it empty."""


@dataclass(frozen=True)
class Dataset:
    """One dlt source and the tables it makes."""

    system: str
    tables: tuple[LoadTable, ...]
    source: SourceFactory


def load_missing(landing: Landing, datasets: Sequence[Dataset]) -> dict[str, int]:
    """Loads what the work file lacks.

    Args:
        landing: Folder and work file.
        datasets: What is declared.

    Returns:
        Rows loaded by `<system>.<table>`; a table that was only created is not in it.
    """
    loaded, columns = _loaded(landing.work_path)
    waiting: list[tuple[Dataset, dict[str, list[Path]]]] = []
    behind: list[tuple[LoadTable, list[str], list[pa.Field]]] = []
    rows: dict[str, int] = {}
    for dataset in datasets:
        todo: dict[str, list[Path]] = {}
        for table in dataset.tables:
            held = loaded.get((table.dataset, table.name))
            files = _missing_files(landing, table, held or {})
            if held is not None:
                partial = [name for name in map(landing.relative, files) if name in held]
                present = columns[table.dataset, table.name]
                behind.append((table, partial, [field for field in table.schema if field.name not in present]))
            if files or held is None:
                todo[table.name] = list(files)
            if files:
                rows[f"{table.system}.{table.name}"] = sum(files.values())
        if todo:
            waiting.append((dataset, todo))
    behind = [(table, partial, missing) for table, partial, missing in behind if partial or missing]
    if waiting or behind:
        landing.work_path.parent.mkdir(parents=True, exist_ok=True)
        pa.default_memory_pool().release_unused()  # what typing needed, DuckDB may have
        # One connection for all: to open and close the file costs a checkpoint each time.
        with duckdb.connect(str(landing.work_path)) as connection:
            for table, partial, missing in behind:
                _prepare(connection, table, partial, missing)
            for dataset, todo in waiting:
                _run(connection, landing, dataset, todo)
    return rows


def resource(table: LoadTable, files: Sequence[Path]) -> Any:
    """A dlt resource that yields a table's landing files in their declared types.

    Shape: large files whole, as they lie on the disk; small ones as Arrow, in batches of at most 100,000 rows. A file
    that lacks a column declared since then has nulls in it.
    """
    import dlt

    def batches() -> Iterator[Any]:
        yield table.schema.empty_table()  # the table exists even when nothing was ever landed
        for file in files:
            count = pq.read_metadata(file).num_rows
            if count >= _WHOLE_FROM:
                yield dlt.mark.with_file_import(str(file), "parquet", count)
                continue
            for batch in pq.ParquetFile(file).iter_batches(batch_size=_ROWS_AT_ONCE):
                yield _aligned(pa.table(batch), table.schema)

    return dlt.resource(
        batches,
        name=table.name,
        write_disposition="append",
        columns=[*(_hint(field) for field in table.schema), {"name": _LOAD_ID, "data_type": "text", "nullable": True}],
        schema_contract={"data_type": "freeze"},  # no second column for a value of another type
    )


def _hint(field: pa.Field) -> dict[str, Any]:
    kinds: tuple[tuple[Callable[[pa.DataType], bool], dict[str, Any]], ...] = (
        (pa.types.is_decimal, {"data_type": "decimal", "precision": 38, "scale": 10}),
        (pa.types.is_timestamp, {"data_type": "timestamp", "timezone": True, "precision": 6}),
        (pa.types.is_date, {"data_type": "date"}),
        (pa.types.is_boolean, {"data_type": "bool"}),
        (pa.types.is_integer, {"data_type": "bigint"}),
        (pa.types.is_string, {"data_type": "text"}),
    )
    hint = next(hint for matches, hint in kinds if matches(field.type))
    return {"name": field.name, "nullable": True, **hint}


def _aligned(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    present = set(rows.column_names)
    return pa.table(
        [
            rows[field.name].cast(field.type) if field.name in present else pa.nulls(rows.num_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


_PerTable = dict[tuple[str, str], dict[str, int]]


def _loaded(work_path: Path) -> tuple[_PerTable, dict[tuple[str, str], set[str]]]:
    """Rows per landing file, and columns, per table of the work file; a table that does not exist is absent."""
    if not work_path.exists():
        return {}, {}
    with duckdb.connect(str(work_path), read_only=True) as connection:
        tables = connection.sql(
            "select table_schema, table_name from information_schema.columns where column_name = '_landing_file' "
            "and (table_schema like 'raw\\_%' escape '\\' or table_schema = 'quarantine')"
        ).fetchall()
        held: dict[tuple[str, str], dict[str, int]] = {(schema, name): {} for schema, name in tables}
        if tables:
            counts = " union all ".join(
                f"select '{schema}', '{name}', _landing_file, count(*) "  # noqa: S608
                f'from "{schema}"."{name}" where _landing_file is not null group by all'
                for schema, name in tables
            )
            for schema, name, file, count in connection.sql(counts).fetchall():
                held[schema, name][file] = count
        columns: dict[tuple[str, str], set[str]] = {}
        for schema, name, column in connection.sql(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall():
            columns.setdefault((schema, name), set()).add(column)
        return held, columns


_SQL_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.decimal128(38, 10): "decimal(38, 10)",
    pa.timestamp("us", tz="UTC"): "timestamptz",
}


def _prepare(
    connection: duckdb.DuckDBPyConnection, table: LoadTable, partial: Sequence[str], missing: Sequence[pa.Field]
) -> None:
    """Brings a table to where its files can be loaded.

    Files of which only some rows are there lose those. Columns declared since it was made are added: dlt does so
    only with rows, but models name them at once.
    """
    name = f'"{table.dataset}"."{table.name}"'
    for field in missing:
        connection.execute(f'alter table {name} add column "{field.name}" {_SQL_TYPES[field.type]}')
    if partial:
        connection.execute(f"delete from {name} where _landing_file in (select unnest($1))", [list(partial)])  # noqa: S608


def _missing_files(landing: Landing, table: LoadTable, held: Mapping[str, int]) -> dict[Path, int]:
    """Files whose rows are not, or not all, in the work file, with their rows."""
    files = landing.files(table.system, table.name)
    if not files:
        return {}
    counts = {file: pq.read_metadata(file).num_rows for file in files}
    return {file: count for file, count in counts.items() if held.get(landing.relative(file), 0) != count}


def _run(
    connection: duckdb.DuckDBPyConnection, landing: Landing, dataset: Dataset, files: Mapping[str, Sequence[Path]]
) -> None:
    dlt = loader.imported()
    # What dlt remembers is not needed, and after a killed run it is wrong: packages half loaded, which are redone
    # from landing/. The schema it reads back from the work file.
    shutil.rmtree(landing.dlt_dir / dataset.system, ignore_errors=True)
    landing.dlt_dir.mkdir(parents=True, exist_ok=True)
    pipeline = dlt.pipeline(
        pipeline_name=dataset.system,
        pipelines_dir=str(landing.dlt_dir),
        destination=loader.work_file(connection),
        dataset_name=dataset.tables[0].dataset,
    )
    pipeline.sync_destination()
    pipeline.extract(dataset.source(files), loader_file_format="parquet")
    pipeline.normalize()
    (load_id,) = pipeline.list_normalized_load_packages()
    whole = [f'"{dataset.tables[0].dataset}"."{name}"' for name, found in files.items() if _any_whole(found)]
    if whole:
        pipeline.sync_schema()
    for table in whole:
        # A file that is handed over whole does not know its load.
        connection.execute(f"alter table {table} alter column {_LOAD_ID} set default '{load_id}'")
    pipeline.load().raise_on_failed_jobs()
    for table in whole:
        connection.execute(f"alter table {table} alter column {_LOAD_ID} drop default")


def _any_whole(files: Sequence[Path]) -> bool:
    return any(pq.read_metadata(file).num_rows >= _WHOLE_FROM for file in files)


def source_of(system: str, tables: Sequence[LoadTable], files: Mapping[str, Sequence[Path]]) -> Any:
    """A dlt source with one resource per table named in `files`, yielding those landing files."""
    import dlt

    resources = [resource(table, files[table.name]) for table in tables if table.name in files]
    return dlt.source(lambda: resources, name=system)()


def quarantine_source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `quarantine.records`."""
    return source_of("quarantine", (QUARANTINE,), files)


QUARANTINE_DATASET = Dataset("quarantine", (QUARANTINE,), quarantine_source)
