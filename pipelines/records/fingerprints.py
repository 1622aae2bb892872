"""The fingerprint of a row's content: the same content gives the same fingerprint, however the vendor wrote it.

In: typed columns. Out: a hash per row. It depends on typed values alone, so key order, spaces and 100.0 against
100.00 do not matter, nor does a column declared since then that a record leaves empty. It is arithmetic defined here,
not a hash function of DuckDB's or Arrow's, so a new version of either changes nothing.

Every value becomes whole numbers of 64 bits: what has a fixed width is some already, a text is its length and its
bytes, eight at a time, a long text its length and its MD5. Each number times one that belongs to its column's name and
its place goes into two sums modulo 2^64 (multilinear hashing), and the sums are mixed into one. The factors are odd,
so a change of one number alone always changes both sums; that changes of several undo each other in both has a chance
of about 2^-128, that two pairs of sums mix to the same 2^-64. All of it is done by column, without an object per value.
What does not belong here: comparing (`versions/versioning.py`), and what to do with fingerprints of an earlier method
(`versions/latest.py` computes them anew from what is landed).
"""

from __future__ import annotations

import functools
import hashlib
import sys

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.raw_table import RawTable
from pipelines.records import careful

METHOD = "4-"
"""How a fingerprint of the present method begins. Change it whenever the same row would get another one."""

DELETED = "deleted"
"""The fingerprint of a tombstone."""

_LONG = 64
"""Bytes from which a text counts by its MD5."""

_FIXED = {pa.int64(), pa.date32(), pa.decimal128(38, 10), pa.timestamp("us", tz="UTC")}
"""Types whose values are numbers in memory already: as text, decimals above all would take far longer."""

_INT64 = pa.int64()
_NOTHING, _ONE = pa.scalar(0, _INT64), pa.scalar(1, _INT64)
_EMPTY = pa.scalar(b"", pa.binary())


def fingerprints(table: RawTable, columns: list[pa.Array]) -> pa.Array:
    """Hashes rows.

    Args:
        table: What is declared.
        columns: The declared columns in order, then `_unknown_fields`.

    Returns:
        Texts: `METHOD` and sixteen hexadecimal digits.
    """
    names = [*(column.name for column in table.columns), "_unknown_fields"]
    is_json = [*(column.is_nested for column in table.columns), False]
    sums = _Sums(len(columns[0]))
    for name, array, nested in zip(names, columns, is_json, strict=True):
        if array.null_count == len(array):
            continue
        sums.add(f"{name} is given", pc.is_valid(array).cast(_INT64) if array.null_count else _ONE)
        if array.type in _FIXED:
            for number, values in enumerate(_numbers(array)):
                sums.add(f"{name} {number}", values)
        else:
            sums.add_texts(name, (_canonical(array) if nested else array).cast(pa.string()))
    return _hexadecimal(sums.mixed())


class _Sums:
    """Two sums per row of the values of its columns, modulo 2^64; a value that is null adds nothing."""

    def __init__(self, count: int) -> None:
        self._sums = [pa.repeat(_NOTHING, count)] * 2

    def add(self, name: str, values: pa.Array | pa.Scalar) -> None:
        """Adds a number per row, or one and the same to all."""
        if isinstance(values, pa.Array) and values.null_count:
            values = pc.fill_null(values, _NOTHING)
        self._sums = [
            pc.add(total, pc.multiply(values, factor)) for total, factor in zip(self._sums, _factors(name), strict=True)
        ]

    def add_texts(self, name: str, texts: pa.Array) -> None:
        """Adds texts; of those that repeat, as most do, each is worked out once."""
        repeated = texts.dictionary_encode()
        once = _Sums(len(repeated.dictionary))
        for number, values in enumerate(_words(repeated.dictionary.cast(pa.binary()))):
            once.add(f"{name} {number}", values)
        self._sums = [
            pc.add(total, pc.fill_null(part.take(repeated.indices), _NOTHING))
            for total, part in zip(self._sums, once._sums, strict=True)
        ]

    def mixed(self) -> pa.Array:
        """One number a row of both sums, every bit of them in every bit of it."""
        first, second = (_viewed(pa.uint64(), total, len(total)) for total in self._sums)
        return _mixed(pc.bit_wise_xor(first, _mixed(second)))


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
    halves = _every(_viewed(_INT64, array, 2 * len(array), 2 * array.offset), 2)
    valid = array.is_valid() if array.null_count else None
    return halves if valid is None else [pc.if_else(valid, half, _NOTHING) for half in halves]


def _words(texts: pa.Array) -> list[pa.Array]:
    """Texts without nulls as whole numbers of 64 bits: how long each is, then its bytes, or those of its MD5."""
    lengths = pc.binary_length(texts).cast(_INT64)
    longest = pc.max(lengths).as_py() or 0
    if longest >= _LONG:
        texts = pa.array(
            [
                hashlib.md5(text, usedforsecurity=False).digest() if len(text) >= _LONG else text
                for text in texts.to_pylist()
            ],
            pa.binary(),
        )
        longest = max(16, pc.max(pc.binary_length(texts)).as_py())
    count = -(-longest // 8)
    if not count:
        return [lengths]
    # What is short is filled up with zeros, which add nothing: so it does not matter how long the others are.
    filled = pc.binary_join_element_wise(texts, pa.scalar(bytes(8 * count), pa.binary()), _EMPTY)
    alike = pc.binary_slice(filled, 0, 8 * count)
    words = pa.Array.from_buffers(_INT64, len(alike) * count, [None, alike.buffers()[2]])
    return [lengths, *_every(words, count)]


def _every(words: pa.Array, stride: int) -> list[pa.Array]:
    """Of words that lie together, `stride` to a row, the first of each row, the second, and so on."""
    return [words.take(places) for places in _places(len(words), stride)]


@functools.lru_cache(maxsize=32)
def _places(count: int, stride: int) -> tuple[pa.Array, ...]:
    return tuple(pa.arange(start, count, stride) for start in range(stride))


def _mixed(values: pa.Array) -> pa.Array:
    """The finalizer of MurmurHash3: no two numbers become the same one."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = pc.multiply(_folded(values), pa.scalar(factor, pa.uint64()))
    return _folded(values)


def _folded(values: pa.Array) -> pa.Array:
    return pc.bit_wise_xor(values, pc.shift_right(values, pa.scalar(33, pa.uint64())))


def _hexadecimal(numbers: pa.Array) -> pa.Array:
    """Numbers of 64 bits as texts: `METHOD` and their bytes, the lowest first, two digits each."""
    count = len(numbers)
    octets = pa.Array.from_buffers(pa.uint8(), 8 * count, [None, numbers.buffers()[1]], offset=8 * numbers.offset)
    digits = _digits().take(octets)
    ends = pa.arange(0, 16 * count + 1, 16).cast(pa.int32())
    texts = pa.Array.from_buffers(pa.string(), count, [None, ends.buffers()[1], digits.buffers()[1]])
    return pc.binary_join_element_wise(pa.scalar(METHOD), texts, pa.scalar(""))


@functools.cache
def _digits() -> pa.Array:
    """Two hexadecimal digits for each octet, as a number whose bytes in memory they are."""
    return pa.array([int.from_bytes(f"{octet:02x}".encode(), sys.byteorder) for octet in range(256)], pa.uint16())


def _viewed(type_: pa.DataType, array: pa.Array, count: int, offset: int = 0) -> pa.Array:
    """An array's values as they lie in memory, taken for another type; nulls are no longer told."""
    return pa.Array.from_buffers(type_, count, [None, array.buffers()[1]], 0, offset)


def _canonical(array: pa.Array) -> pa.Array:
    return pa.array([careful.canonical(text) for text in array.to_pylist()], pa.string())
