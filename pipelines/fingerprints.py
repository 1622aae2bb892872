"""The fingerprint of a row's content: the same content gives the same fingerprint, however the vendor wrote it.

In: typed columns. Out: a hash per row. It depends on typed values alone, so key order, spaces and 100.0 against
100.00 do not matter, nor does a column declared since then that a record leaves empty. It is MD5 over bytes defined
here, not a hash function of DuckDB's or Arrow's, so a new version of either changes nothing.

What has a fixed width goes into two sums of 64 bits first, each value times a number that its column's name gives
(multilinear hashing): one block of MD5 per row instead of four. A number is odd, so a change of one column alone always
changes both sums; that changes of several undo each other in both has a chance of about 2^-128.
What does not belong here: comparing (`versioning.py`), and what to do with fingerprints of an earlier method
(`latest.py` computes them anew from what is landed).
"""

from __future__ import annotations

import functools
import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import careful, in_memory
from pipelines.raw_table import RawTable

METHOD = "3-"
"""How a fingerprint of the present method begins. Change it whenever the same row would get another one."""

DELETED = "deleted"
"""The fingerprint of a tombstone."""

_DIGITS = 16
"""Of MD5, in hexadecimal: 64 bits tell a record from its own former version; longer ones cost every reader."""

_FIXED = {pa.int64(), pa.date32(), pa.decimal128(38, 10), pa.timestamp("us", tz="UTC")}
"""Types whose values are numbers in memory already: as text, decimals above all would take far longer."""

_INT64 = pa.int64()
_NOTHING = pa.scalar(0, _INT64)


def fingerprints(table: RawTable, columns: list[pa.Array]) -> pa.Array:
    """Hashes rows.

    Args:
        table: What is declared.
        columns: The declared columns in order, then `_unknown_fields`.
    """
    names = [*(column.name for column in table.columns), "_unknown_fields"]
    is_json = [*(column.is_nested for column in table.columns), False]
    sums, texts = _Sums(len(columns[0])), []
    for name, array, nested in zip(names, columns, is_json, strict=True):
        if array.null_count == len(array):
            continue
        sums.add(f"{name} is given", pc.is_valid(array).cast(_INT64))
        if array.type in _FIXED:
            for number, values in enumerate(_numbers(array)):
                sums.add(f"{name} {number}", values)
            continue
        text = (_canonical(array) if nested else array).cast(pa.string())
        # Its length is a number, so that two texts side by side cannot be taken for two others.
        sums.add(f"{name} length", pc.binary_length(text).cast(_INT64))
        texts.append(text.cast(pa.binary()))
    content = pc.binary_join_element_wise(
        *sums.as_bytes(), *texts, pa.scalar(b""), null_handling="replace", null_replacement=b""
    )
    with in_memory.cursor() as connection:
        connection.register("content", pa.table({"content": content}))
        hashed = connection.sql(f"select '{METHOD}' || md5(content)[:{_DIGITS}] as h from content")  # noqa: S608
        return hashed.to_arrow_table().column(0).combine_chunks().cast(pa.string())


class _Sums:
    """Two sums per row of the values of its columns, modulo 2^64; a value that is null adds nothing."""

    def __init__(self, count: int) -> None:
        self._sums = [pa.repeat(_NOTHING, count)] * 2

    def add(self, name: str, values: pa.Array) -> None:
        values = pc.fill_null(values, _NOTHING) if values.null_count else values
        self._sums = [
            pc.add(total, pc.multiply(values, factor)) for total, factor in zip(self._sums, _factors(name), strict=True)
        ]

    def as_bytes(self) -> list[pa.Array]:
        return [_viewed(pa.binary(8), total, len(total)).cast(pa.binary()) for total in self._sums]


@functools.cache
def _factors(name: str) -> tuple[pa.Scalar, pa.Scalar]:
    """Two odd numbers of 64 bits that belong to a name."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    halves = (int.from_bytes(half, "little", signed=True) | 1 for half in (digest[:8], digest[8:]))
    first, second = (pa.scalar(half, _INT64) for half in halves)
    return first, second


def _numbers(array: pa.Array) -> list[pa.Array]:
    """The values as whole numbers of 64 bits: one each, of a decimal two."""
    if not pa.types.is_decimal(array.type):
        return [array.cast(pa.int32()).cast(_INT64) if array.type == pa.date32() else array.cast(_INT64)]
    count = len(array)
    words = _viewed(_INT64, array, 2 * count, 2 * array.offset)
    valid = array.is_valid() if array.null_count else None
    halves = [words.take(places) for places in _places(count)]
    return halves if valid is None else [pc.if_else(valid, half, _NOTHING) for half in halves]


@functools.lru_cache(maxsize=8)
def _places(count: int) -> tuple[pa.Array, pa.Array]:
    return pa.array(range(0, 2 * count, 2), pa.int32()), pa.array(range(1, 2 * count, 2), pa.int32())


def _viewed(type_: pa.DataType, array: pa.Array, count: int, offset: int = 0) -> pa.Array:
    """An array's values as they lie in memory, taken for another type; nulls are no longer told."""
    return pa.Array.from_buffers(type_, count, [None, array.buffers()[1]], 0, offset)


def _canonical(array: pa.Array) -> pa.Array:
    return pa.array([careful.canonical(text) for text in array.to_pylist()], pa.string())
