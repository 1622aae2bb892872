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
import pyarrow.compute as pc

from pipelines import careful, in_memory
from pipelines.raw_table import RawTable

METHOD = "2-"
"""How a fingerprint of the present method begins. Change it whenever the same row would get another one."""

DELETED = "deleted"
"""The fingerprint of a tombstone."""

_WIDTHS = {pa.int64(): 8, pa.date32(): 4, pa.decimal128(38, 10): 16, pa.timestamp("us", tz="UTC"): 8}
"""Bytes of the types that are hashed as they lie in memory, little-endian: decimals as text would take far longer."""


def fingerprints(table: RawTable, columns: list[pa.Array]) -> pa.Array:
    """Hashes rows.

    Args:
        table: What is declared.
        columns: The declared columns in order, then `_unknown_fields`.
    """
    names = [*(column.name for column in table.columns), "_unknown_fields"]
    is_json = [*(column.is_nested for column in table.columns), False]
    given = [
        (name, _canonical(array) if nested else array)
        for name, array, nested in zip(names, columns, is_json, strict=True)
        if array.null_count < len(array)
    ]
    pieces = [_fixed(_presence(given, len(columns[0])))]
    for _, array in given:
        pieces += [_fixed(array)] if array.type in _WIDTHS else _text(array)
    content = pc.binary_join_element_wise(*pieces, pa.scalar(b""), null_handling="replace", null_replacement=b"")
    with in_memory.cursor() as connection:
        connection.register("content", pa.table({"content": content}))
        hashed = connection.sql(f"select '{METHOD}' || md5(content) as h from content")  # noqa: S608
        return hashed.to_arrow_table().column(0).combine_chunks().cast(pa.string())


def _presence(given: list[tuple[str, pa.Array]], count: int) -> pa.Array:
    """A number per row for which of its columns are not null: without it, two rows could run together to one content.

    It is the sum of a number per column's name, so a column that is null adds nothing.
    """
    total = pa.repeat(pa.scalar(0, pa.int64()), count)
    for name, array in given:
        digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
        mark = pa.scalar(int.from_bytes(digest[:8], "little", signed=True), pa.int64())
        nothing = pa.scalar(0, pa.int64())
        total = pc.add(total, mark if not array.null_count else pc.if_else(pc.is_valid(array), mark, nothing))
    return total


def _fixed(array: pa.Array) -> pa.Array:
    """The values' bytes as they lie in memory."""
    width = _WIDTHS[array.type]
    buffers = [array.buffers()[0] if array.null_count else None, array.buffers()[1]]
    fixed = pa.Array.from_buffers(pa.binary(width), len(array), buffers, array.null_count, array.offset)
    return fixed.cast(pa.binary())


def _text(array: pa.Array) -> list[pa.Array]:
    """What has no fixed width tells its length, so that two texts side by side cannot be taken for two others."""
    text = array.cast(pa.string())
    return [_fixed(pc.binary_length(text).cast(pa.int64())), text.cast(pa.binary())]


def _canonical(array: pa.Array) -> pa.Array:
    return pa.array([careful.canonical(text) for text in array.to_pylist()], pa.string())
