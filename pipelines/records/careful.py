"""Records to typed columns the careful way: by column, and where a column holds a misfit, value by value.

In: the JSON bytes of each record, as the vendor wrote them. Out: Arrow columns, the members nobody declared, and a
reason for each record that does not fit. This is the judge: `typed.py` reads most blocks faster, and hands over to
this module what the faster reader refuses.
What does not belong here: fingerprints, what is already landed, files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.raw_table import Column, RawTable
from pipelines.records import currencies, custom_fields, nested_money
from pipelines.transport import exact

NULL = msgspec.Raw(b"null")
_UNFIT = (msgspec.MsgspecError, pa.ArrowException, ValueError, OverflowError, RecursionError)


class UnfitError(ValueError):
    """A value that does not fit, with the reason a person can act on."""


Members = dict[str, msgspec.Raw]
"""A record's members, each as its own bytes."""

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "decimal": pa.decimal128(38, 10),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "currency": pa.string(),
    "json": pa.string(),
    "money": pa.string(),
    "custom_fields": pa.string(),
}


def read(table: RawTable, records: Sequence[msgspec.Raw], reasons: dict[int, str]) -> list[pa.Array]:
    """Reads records into a table's declared columns and, last, `_unknown_fields`.

    Args:
        table: What is declared.
        records: One JSON object each.
        reasons: Gains why a record does not fit, by its position; its row is then without meaning.

    Returns:
        Arrays as long as `records`.
    """
    given = members(records, reasons)
    arrays: list[pa.Array] = []
    for declared in table.columns:
        array = column(declared, [record.get(declared.field, NULL) for record in given], reasons)
        arrays.append(array)
        if declared.name in table.key:
            require(declared, array, reasons)
    return [*arrays, pa.array(unknown_fields(table, given, reasons), pa.string())]


def members(records: Sequence[msgspec.Raw], reasons: dict[int, str]) -> list[Members]:
    """The members of each record, by name; none where it is no JSON object."""
    try:
        whole = msgspec.json.decode(b"[" + b",".join(records) + b"]", type=list[Members])
        if len(whole) == len(records):
            return whole
        raise ValueError("something between the records")
    except _UNFIT:
        found: list[Members] = []
        for at, record in enumerate(records):
            try:
                found.append(msgspec.json.decode(record, type=dict[str, msgspec.Raw]))
            except RecursionError:
                reasons[at] = "nested too deeply"
                found.append({})
            except _UNFIT as error:
                reasons[at] = f"not a JSON object: {error}"
                found.append({})
        return found


def column(column: Column, raws: list[msgspec.Raw], reasons: dict[int, str]) -> pa.Array:
    """One column's values; null, with a reason, where a value does not fit."""
    arrow_type = ARROW_TYPES[column.type]
    read_values = _READERS[column.type]
    try:
        return pa.array(read_values(raws), arrow_type)
    except _UNFIT:
        values: list[Any] = []
        for at, raw in enumerate(raws):
            try:
                value = read_values([raw])[0]
                pa.scalar(value, arrow_type)  # out of range or too many places is refused here, never rounded
            except UnfitError as error:
                reasons.setdefault(at, f"{column.name}: {error}")
                value = None
            except _UNFIT:
                shown = bytes(raw)[:60].decode(errors="replace")
                reasons.setdefault(at, f"{column.name} does not fit {column.type}: {shown}")
                value = None
            values.append(value)
        return pa.array(values, arrow_type)


def require(column: Column, array: pa.Array, reasons: dict[int, str]) -> None:
    """A record without this column has no key; an empty text is none either."""
    if array.null_count or has_empty(array):
        for at, value in enumerate(array.to_pylist()):
            if value is None or value == "":
                reasons.setdefault(at, f"has no {column.name}")


def has_empty(values: pa.Array) -> bool:
    """Whether a text among values is empty."""
    return pa.types.is_string(values.type) and pc.min(pc.binary_length(values)).as_py() == 0


def _read_as(type_: Any) -> Callable[[list[msgspec.Raw]], list[Any]]:
    decoder = msgspec.json.Decoder(list[type_ | None])
    return lambda raws: decoder.decode(b"[" + b",".join(raws) + b"]")


_read_strings = _read_as(str)
_read_integers = _read_as(int)
_read_decimals = _read_as(Decimal)


def _read_text(raws: list[msgspec.Raw]) -> list[str | None]:
    try:
        return _read_strings(raws)
    except msgspec.ValidationError:
        return [_text(bytes(raw)) for raw in raws]


def _text(raw: bytes) -> str | None:
    if raw[:1] == b'"' or raw == b"null":
        return msgspec.json.decode(raw, type=str | None)
    if raw[:1] in b"{[":
        raise ValueError("expected text, found an object or a list")
    return raw.decode()


def _read_decimal(raws: list[msgspec.Raw]) -> list[Decimal | None]:
    values: list[Decimal | None] = _read_decimals(raws)
    if any(value is not None and not value.is_finite() for value in values):
        raise ValueError("not a finite number")
    return values


def _read_bigint(raws: list[msgspec.Raw]) -> list[int | None]:
    try:
        return _read_integers(raws)
    except msgspec.ValidationError:
        return [int(text) if (text := _text(bytes(raw))) else None for raw in raws]


def _read_date(raws: list[msgspec.Raw]) -> list[date | None]:
    return [_date(text) if text else None for text in _read_strings(raws)]


def _date(text: str) -> date:
    # Contract atlas-etrm section 1: zone-less datetimes are business dates. With an offset, midnight is a date
    # written as a datetime; any other time is an instant whose date depends on a zone we must not guess.
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None and (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise ValueError("an instant where a business date is expected")
    return moment.date()


def _read_instant(raws: list[msgspec.Raw]) -> list[datetime | None]:
    return [_instant(text) if text else None for text in _read_strings(raws)]


def _instant(text: str) -> datetime:
    moment = msgspec.convert(text, datetime, strict=False)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read_currency(raws: list[msgspec.Raw]) -> list[str | None]:
    texts = [text or None for text in _read_strings(raws)]
    for text in texts:
        if text is not None and text not in currencies.codes():
            raise UnfitError(currencies.why_unknown(text))
    return texts


def _read_judged(why_unfit: Callable[[str], str | None]) -> Callable[[list[msgspec.Raw]], list[str | None]]:
    def read(raws: list[msgspec.Raw]) -> list[str | None]:
        texts = _read_json(raws)
        for text in texts:
            if text is not None and (why := why_unfit(text)) is not None:
                raise UnfitError(why)
        return texts

    return read


def _read_json(raws: list[msgspec.Raw]) -> list[str | None]:
    return [None if (raw := bytes(entry)) == b"null" else raw.decode() for entry in raws]


_READERS: dict[str, Callable[[list[msgspec.Raw]], list[Any]]] = {
    "text": _read_text,
    "bigint": _read_bigint,
    "boolean": _read_as(bool),
    "decimal": _read_decimal,
    "date": _read_date,
    "instant": _read_instant,
    "currency": _read_currency,
    "json": _read_json,
    "money": _read_judged(nested_money.why_unfit),
    "custom_fields": _read_judged(custom_fields.why_unfit),
}


def unknown_fields(table: RawTable, members: Sequence[Members], reasons: dict[int, str]) -> list[str | None]:
    """The members nobody declared, as canonical JSON; None where there are none, or only nulls."""
    declared = {column.field for column in table.columns}
    found: list[str | None] = []
    for at, record in enumerate(members):
        extra = record.keys() - declared
        kept = {name: record[name] for name in sorted(extra) if bytes(record[name]) != b"null"}
        try:
            found.append(canonical(msgspec.json.encode(kept).decode()) if kept else None)
        except _UNFIT as error:
            reasons.setdefault(at, f"cannot keep {', '.join(kept)}: {error}")
            found.append(None)
    return found


def canonical(text: str | None) -> str | None:
    """The same JSON always reads the same: keys in order, no spaces, 100.00 as 100."""
    if text is None:
        return None
    return msgspec.json.encode(_normal(exact.loads(text.encode())), order="sorted").decode()


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_normal(entry) for entry in value]
    if isinstance(value, Decimal):
        shortest = format(value, "f")
        return msgspec.Raw((shortest.rstrip("0").rstrip(".") if "." in shortest else shortest).encode())
    return value


def readable_key(table: RawTable, raw: msgspec.Raw) -> str | None:
    """The key of a record that does not fit, as far as it can be read: parts joined by `|`, or None.

    A part that fits its column is written as `versioning.key_text` writes it, however the vendor did.
    """
    (record,) = members([raw], {})
    declared = {column.name: column for column in table.columns}
    parts = [_key_part(declared[name], record.get(declared[name].field, NULL)) for name in table.key]
    return None if "null" in parts or "" in parts else "|".join(parts)


def _key_part(column: Column, raw: msgspec.Raw) -> str:
    try:
        value = _READERS[column.type]([raw])[0]
    except _UNFIT:
        return bytes(raw).decode(errors="replace").strip('"')
    if value is None:
        return ""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else str(value)
