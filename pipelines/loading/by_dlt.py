"""Tables, columns and their first rows, by dlt.

In: landing files whose tables are not there yet, or not as they are declared today. Out: the tables with these rows.
What does not belong here: how dlt is imported and meets an open work file (`loader.py`), which files (`lacking.py`),
rows behind tables that are as declared (`appending.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import loader
from pipelines.loading.load_tables import LOAD_ID, QUARANTINE, Dataset, LoadTable

_ROWS_AT_ONCE = 100_000

_WHOLE_FROM = 50_000
"""Rows from which a landing file is handed to DuckDB as it is, rather than written out again by dlt."""


def load(
    connection: duckdb.DuckDBPyConnection, dlt_dir: Path, dataset: Dataset, files: Mapping[str, Sequence[Path]]
) -> None:
    """Loads files of a dataset, by table; a table without files is only made.

    Args:
        connection: The work file, in no transaction.
        dlt_dir: Where dlt may work.
        dataset: What is declared.
        files: Landing files by table, in order of landing.

    Raises:
        dlt's own errors.
    """
    dlt = loader.imported()
    # What dlt remembers is not needed, and after a killed run it is wrong: packages half loaded, which are redone
    # from landing/. The schema it reads back from the work file.
    shutil.rmtree(dlt_dir / dataset.system, ignore_errors=True)
    dlt_dir.mkdir(parents=True, exist_ok=True)
    pipeline = dlt.pipeline(
        pipeline_name=dataset.system,
        pipelines_dir=str(dlt_dir),
        destination=loader.work_file(connection),
        dataset_name=dataset.name,
    )
    pipeline.sync_destination()
    pipeline.extract(dataset.source(files), loader_file_format="parquet")
    pipeline.normalize()
    (load_id,) = pipeline.list_normalized_load_packages()
    whole = [table.sql_name for table in dataset.tables if _any_whole(files.get(table.name, ()))]
    if whole:
        pipeline.sync_schema()
    for table in whole:
        # A file that is handed over whole does not know its load.
        connection.execute(f"alter table {table} alter column {LOAD_ID} set default '{load_id}'")
    pipeline.load().raise_on_failed_jobs()
    for table in whole:
        connection.execute(f"alter table {table} alter column {LOAD_ID} drop default")


def source_of(system: str, tables: Sequence[LoadTable], files: Mapping[str, Sequence[Path]]) -> Any:
    """A dlt source with one resource per table named in `files`, yielding those landing files."""
    import dlt

    resources = [resource(table, files[table.name]) for table in tables if table.name in files]
    return dlt.source(lambda: resources, name=system)()


def quarantine_source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `quarantine.records`."""
    return source_of("quarantine", (QUARANTINE,), files)


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
        columns=[*(_hint(field) for field in table.schema), {"name": LOAD_ID, "data_type": "text", "nullable": True}],
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


def _any_whole(files: Sequence[Path]) -> bool:
    return any(pq.read_metadata(file).num_rows >= _WHOLE_FROM for file in files)
