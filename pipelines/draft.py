"""A landing file while it is written: it counts once it is complete, and is never touched again.

In: rows in the shape of a landing file, a piece at a time. Out: one Parquet file, under a temporary name until it is
synced. What does not belong here: which rows (`versions/versioning.py`), when a file is complete (`landing.py`).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP = 122_880
"""Rows of a row group: what a writer holds in memory, and what DuckDB makes one of its own of (a fifth less CPU)."""


class Draft:
    """A landing file that grows under a temporary name, a row group at a time."""

    def __init__(self, landing_dir: Path, path: Path) -> None:
        """Args: the landing folder; path is the name the file will have."""
        self.rows = 0
        self._path = path
        self._temporary = path.with_suffix(".tmp")
        self._name = path.relative_to(landing_dir).as_posix()
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        """Appends rows; `_landing_file` is filled in."""
        if not rows.num_rows:
            return
        self._waiting.append(rows)
        self.rows += rows.num_rows
        if sum(waiting.num_rows for waiting in self._waiting) >= ROW_GROUP:
            self._flush()

    def keep(self, kept: pa.ChunkedArray) -> None:
        """Leaves out rows written so far, which are held in memory a row group at a time."""
        if not self.rows or pc.all(kept).as_py():
            return
        self._close()
        self._writer, self.rows, start = None, 0, 0
        former = self._temporary.with_suffix(".former")
        self._temporary.rename(former)
        with pq.ParquetFile(former) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                self.write(rows.filter(kept.slice(start, rows.num_rows)))
                start += rows.num_rows
        former.unlink()

    def commit(self) -> None:
        """Gives the file its name once its content is on the disk; without rows there is no file."""
        if not self.rows:
            return
        self._close()
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        self._temporary.rename(self._path)
        _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Leaves nothing behind."""
        self._waiting.clear()
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.close()
        for left in (self._temporary, self._temporary.with_suffix(".former")):
            left.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting)
        self._waiting.clear()
        at = rows.schema.get_field_index("_landing_file")
        named = rows.set_column(at, "_landing_file", pa.repeat(pa.scalar(self._name), rows.num_rows))
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = _writer(self._temporary, named.schema)
        self._writer.write_table(named, row_group_size=ROW_GROUP)

    def _close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Encodings by what repeats: whole numbers lie close to each other, texts and days come again and again."""
    whole = [field.name for field in schema if pa.types.is_int64(field.type)]
    various = [field.name for field in schema if pa.types.is_decimal(field.type)] + ["_fingerprint"]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[name for name in schema.names if name not in (*whole, *various)],
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
    )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
