"""An answer's list of records, split into the bytes of each, also where one record is no JSON.

In: the JSON list as the vendor wrote it. Out: one `msgspec.Raw` per record. A bare NaN, a text that is not UTF-8 or
nesting without end in one record must not cost all the others: what cannot be read is handed on as it is, and landing
puts that record alone into quarantine.
What does not belong here: the vendor's envelope (`<system>/client.py`), typing (`typed.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_DECODER = msgspec.json.Decoder(list[msgspec.Raw])
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


def split(data: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Splits a JSON list.

    Args:
        data: The list, brackets included.

    Returns:
        The records, byte for byte, in order.

    Raises:
        ValueError: it is no list, or it ends before its end; nothing of it can then be trusted.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return [msgspec.Raw(record) for record in _parts(bytes(data).strip())]


def _parts(data: bytes) -> Iterator[bytes]:
    """Cuts at the commas of the outermost list, looking only at brackets and texts."""
    depth, start, is_over = 0, 1, False
    for found in _MARKS.finditer(data):
        mark = found.group()
        if is_over or (depth == 0 and (mark != b"[" or found.start() != 0)):
            raise ValueError("not a JSON list")
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
        if depth == 0 or (depth == 1 and mark == b","):
            is_over = depth == 0
            record = data[start : found.start()].strip()
            if is_over and found.end() != len(data):
                raise ValueError("something after the JSON list")
            if record or not is_over or start != 1:
                yield record
            start = found.end()
    if not is_over:
        raise ValueError("the JSON list has no end")
