"""What is loaded: the tables of `work.duckdb` that stand for landing files, and the dlt source that makes them.

In: declared raw tables. Out: `LoadTable`, `Dataset`. What does not belong here: loading (`backlog.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import refusals
from pipelines.raw_table import RawTable
from pipelines.versions.versioning import landing_schema

LOAD_ID = "_dlt_load_id"
"""dlt's column of the load a row came with; `_dlt_loads` says when that was."""


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

    @property
    def sql_name(self) -> str:
        """Schema and name, quoted."""
        return f'"{self.dataset}"."{self.name}"'


QUARANTINE = LoadTable(*refusals.RECORDS, refusals.SCHEMA)


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

    @property
    def name(self) -> str:
        """DuckDB schema of its tables."""
        return self.tables[0].dataset
