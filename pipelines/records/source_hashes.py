"""A hash of each record's bytes as received: a record that came before, byte for byte, need not be read.

In: records. Out: their bytes as lines, which is also what Arrow reads, and a number per record. The hash is DuckDB's,
which may be another one in another version: `sample` tells (`versions/latest.py` asks).
What does not belong here: comparing (`versions/versioning.py`), reading the lines (`typed.py`).
"""

from __future__ import annotations

import functools
import hashlib
from array import array
from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import in_memory


def lines(records: Sequence[msgspec.Raw]) -> bytes:
    """The records' bytes, each with a line break behind it."""
    return b"\n".join([*records, b""])


def hashes(records: Sequence[msgspec.Raw], written: bytes) -> pa.Array:
    """Hashes records.

    Args:
        records: JSON as received.
        written: `lines(records)`; the line break belongs to what is hashed, so that nothing must be copied.

    Returns:
        int64, one per record.
    """
    if not records:
        return pa.array([], pa.int64())
    lengths = array("q", [-1, *map(len, records)])
    with_breaks = pc.add(pa.Array.from_buffers(pa.int64(), len(lengths), [None, pa.py_buffer(lengths)]), 1)
    ends = pc.cumulative_sum(with_breaks)  # from 0, where the first begins
    texts = pa.Array.from_buffers(pa.large_binary(), len(records), [None, ends.buffers()[1], pa.py_buffer(written)])
    with in_memory.cursor(threads=1) as connection:
        connection.register("texts", pa.table({"text": texts}))
        hashed = connection.sql("select (hash(text) >> 1)::bigint as hashed from texts").to_arrow_table()
    return hashed["hashed"].combine_chunks()


@functools.cache
def sample() -> str:
    """What becomes of fixed texts of many lengths: tells whether hashes of before are of the same function."""
    texts = [msgspec.Raw(bytes(range(33, 33 + length % 90)) * (1 + length // 90)) for length in range(1, 400, 7)]
    return hashlib.md5(repr(hashes(texts, lines(texts)).to_pylist()).encode(), usedforsecurity=False).hexdigest()
