"""The fingerprint of a row's content: the same content gives the same fingerprint, however the vendor wrote it.

In: typed columns. Out: a hash per row. It depends on typed values alone, so key order, spaces and 100.0 against
100.00 do not matter, nor does a column declared since then that a record leaves empty. It is MD5 over bytes defined
here, not a hash function of DuckDB's or Arrow's, so a new version of either changes nothing.
What does not belong here: comparing (`versioning.py`), and what to do with fingerprints of an earlier method
(`latest.py` computes them anew from what is landed).
"""

from __future__ import annotations

import hashlib

import pyarrow as pa

from pipelines import careful, in_memory
from pipelines.raw_table import RawTable

METHOD = "2-"
"""How a fingerprint of the present method begins. Change it whenever the same row would get another one."""

DELETED = "deleted"
"""The fingerprint of a tombstone."""

_WIDTHS = {pa.int64(): 8, pa.date32(): 4, pa.decimal128(38, 10): 16, pa.timestamp("us", tz="UTC"): 8}
"""Types hashed as they lie in memory, little-endian: turning a million decimals into text takes three seconds."""


def fingerprints(table: RawTable, columns: list[pa.Array]) -> pa.Array:
    """Hashes rows.

    Args:
        table: What is declared.
        columns: The declared columns in order, then `_unknown_fields`.
    """
    names = [*(column.name for column in table.columns), "_unknown_fields"]
    is_json = [*(column.type == "json" for column in table.columns), False]
    arrays = [_canonical(array) if nested else _bytes(array) for array, nested in zip(columns, is_json, strict=True)]
    parts = [_part(name, array) for name, array in zip(names, arrays, strict=True) if array.null_count < len(array)]
    if not parts:
        parts = ["''::blob"]
    with in_memory.cursor() as connection:
        connection.register("content", pa.table(arrays, names))
        hashed = connection.sql(f"select '{METHOD}' || md5({' || '.join(parts)}) as h from content")  # noqa: S608
        return hashed.to_arrow_table().column(0).combine_chunks().cast(pa.string())


def _part(name: str, array: pa.Array) -> str:
    """SQL for a column's share of the bytes: a mark that names it, then the value; nothing where that is null."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    mark = "".join(f"\\x{digest[at : at + 2].upper()}" for at in range(0, 6, 2))
    if pa.types.is_fixed_size_binary(array.type):
        return f"coalesce('{mark}'::blob || \"{name}\", ''::blob)"
    # What has no fixed width tells its length, so that no two rows run together to the same bytes.
    return f"coalesce('{mark}'::blob || encode(strlen(\"{name}\") || ':') || encode(\"{name}\"), ''::blob)"


def _bytes(array: pa.Array) -> pa.Array:
    width = _WIDTHS.get(array.type)
    if width is None:
        return array.cast(pa.string())
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(array), array.buffers(), array.null_count, array.offset
    )


def _canonical(array: pa.Array) -> pa.Array:
    return pa.array([careful.canonical(text) for text in array.to_pylist()], pa.string())
