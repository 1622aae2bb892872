"""JSON in and out without a float: numbers keep every digit.

In: Python values with `Decimal` (or decimal strings) for money; JSON bytes. Out: JSON bytes; values with `Decimal`.
What does not belong here: which members are money (each system's `client.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def loads(data: bytes | msgspec.Raw) -> Any:
    """JSON to Python values; numbers with a point or exponent become `Decimal`, whole numbers `int`."""
    return _DECODER.decode(data)


def members(record: bytes | msgspec.Raw) -> dict[str, Any]:
    """The members of a JSON object, numbers exact; none where it is something else (landing will say what)."""
    value = loads(record)
    return value if isinstance(value, dict) else {}


def with_members(record: msgspec.Raw, **added: str) -> msgspec.Raw:
    """A record with members it lacks, the others byte for byte; what is no object stays as it is."""
    try:
        given = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return record
    return msgspec.Raw(msgspec.json.encode({**added, **given}))


def dumps(value: Any, *, numbers: Collection[str] = ()) -> bytes:
    """Python values to JSON.

    Args:
        value: Dicts, lists and scalars; a float is refused.
        numbers: Names of members whose `Decimal`, or decimal string, is written as a JSON number, digit by digit
            (74400.00 stays 74400.00). Any other `Decimal` is written as a string.
    """
    return msgspec.json.encode(_prepared(value, frozenset(numbers), as_number=False))


def _prepared(value: Any, numbers: frozenset[str], *, as_number: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _prepared(entry, numbers, as_number=name in numbers) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(entry, numbers, as_number=as_number) for entry in value]
    if isinstance(value, float):
        raise TypeError("a float cannot carry money: pass Decimal or a decimal string")
    if as_number and isinstance(value, str | Decimal):
        return msgspec.Raw(_digits(value).encode())
    if isinstance(value, Decimal):
        return _digits(value)
    return value


def _digits(value: str | Decimal) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"not a decimal: {value!r}") from None
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return format(number, "f")
