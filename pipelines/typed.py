"""Vendor records to typed rows: exact decimals, declared columns, and a reason for every record that does not fit.

In: the JSON bytes of each record (`msgspec.Raw`), as the vendor wrote them. Out: an Arrow table of the declared
columns with `_unknown_fields` and `_fingerprint`, and the records that were refused.
Columns are read whole (a list of a column's bytes is one JSON array to msgspec); only a column that holds a
misfit is read value by value, to find the culprit.
What does not belong here: what is already landed, files, tombstones (`landing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from pipelines import in_memory
from pipelines.raw_table import Column, RawTable
from pipelines.transport import exact

_NULL = msgspec.Raw(b"null")
_CHUNK = 50_000
"""Records typed at once: bounds the Python objects alive at a time."""

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "decimal": pa.decimal128(38, 10),
    "date": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}


@dataclass(frozen=True)
class Misfit:
    """A record that was refused, with the reason a person can act on."""

    record_key: str | None
    """The key as far as it could be read, parts joined by `|`; None where it has none."""
    reason: str
    payload: bytes


@dataclass(frozen=True)
class TypedRows:
    """The outcome of typing: every record is in exactly one of the two."""

    rows: pa.Table
    misfits: list[Misfit]


def typed_schema(table: RawTable) -> pa.Schema:
    """Arrow schema of a table's declared columns with `_unknown_fields` and `_fingerprint`."""
    declared = [pa.field(column.name, ARROW_TYPES[column.type]) for column in table.columns]
    return pa.schema([*declared, pa.field("_unknown_fields", pa.string()), pa.field("_fingerprint", pa.string())])


def type_records(table: RawTable, records: Sequence[msgspec.Raw]) -> TypedRows:
    """Reads records into a table's declared columns.

    Args:
        table: What is declared.
        records: One JSON object each.

    Returns:
        Rows and misfits; their counts add up to the number of records.
    """
    parts, misfits = [typed_schema(table).empty_table()], []
    for start in range(0, len(records), _CHUNK):
        rows, refused = _type_chunk(table, records[start : start + _CHUNK])
        parts.append(rows)
        misfits += refused
    return TypedRows(pa.concat_tables(parts), misfits)


def _type_chunk(table: RawTable, records: Sequence[msgspec.Raw]) -> tuple[pa.Table, list[Misfit]]:
    reasons: dict[int, str] = {}
    members = _members(records, reasons)
    arrays: list[pa.Array] = []
    canonical: list[pa.Array] = []
    for column in table.columns:
        raws = [record.get(column.field, _NULL) for record in members]
        array = _column(column, raws, reasons)
        arrays.append(array)
        canonical.append(pa.array([_canonical(text) for text in array.to_pylist()]) if column.type == "json" else array)
        if column.name in table.key:
            _require(column, array, reasons)
    unknown = _unknown_fields(table, members)
    names = [column.name for column in table.columns]
    fingerprints = _fingerprints(pa.table([*canonical, pa.array(unknown, pa.string())], [*names, "_unknown_fields"]))
    rows = pa.table([*arrays, pa.array(unknown, pa.string()), fingerprints], schema=typed_schema(table))
    misfits = [
        Misfit(_readable_key(table, members[at]), why, bytes(records[at])) for at, why in sorted(reasons.items())
    ]
    if reasons:
        rows = rows.take(pa.array([at for at in range(len(records)) if at not in reasons], pa.int64()))
    return rows, misfits


def _members(records: Sequence[msgspec.Raw], reasons: dict[int, str]) -> list[dict[str, msgspec.Raw]]:
    try:
        return msgspec.json.decode(b"[" + b",".join(records) + b"]", type=list[dict[str, msgspec.Raw]])
    except msgspec.MsgspecError:
        found: list[dict[str, msgspec.Raw]] = []
        for at, record in enumerate(records):
            try:
                found.append(msgspec.json.decode(record, type=dict[str, msgspec.Raw]))
            except msgspec.MsgspecError as error:
                reasons[at] = f"not a JSON object: {error}"
                found.append({})
        return found


def _column(column: Column, raws: list[msgspec.Raw], reasons: dict[int, str]) -> pa.Array:
    arrow_type = ARROW_TYPES[column.type]
    read = _READERS[column.type]
    try:
        return pa.array(read(raws), arrow_type)
    except (msgspec.MsgspecError, pa.ArrowException, ValueError, OverflowError):
        values: list[Any] = []
        for at, raw in enumerate(raws):
            try:
                value = read([raw])[0]
                pa.scalar(value, arrow_type)  # out of range or too many places is refused here, never rounded
            except (msgspec.MsgspecError, pa.ArrowException, ValueError, OverflowError):
                shown = bytes(raw)[:60].decode(errors="replace")
                reasons.setdefault(at, f"{column.name} does not fit {column.type}: {shown}")
                value = None
            values.append(value)
        return pa.array(values, arrow_type)


def _require(column: Column, array: pa.Array, reasons: dict[int, str]) -> None:
    if array.null_count:
        for at, present in enumerate(array.is_valid().to_pylist()):
            if not present:
                reasons.setdefault(at, f"has no {column.name}")


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


def _read_json(raws: list[msgspec.Raw]) -> list[str | None]:
    return [None if (raw := bytes(entry)) == b"null" else raw.decode() for entry in raws]


_READERS: dict[str, Callable[[list[msgspec.Raw]], list[Any]]] = {
    "text": _read_text,
    "bigint": _read_bigint,
    "boolean": _read_as(bool),
    "decimal": _read_decimal,
    "date": _read_date,
    "instant": _read_instant,
    "json": _read_json,
}


def _unknown_fields(table: RawTable, members: list[dict[str, msgspec.Raw]]) -> list[str | None]:
    declared = {column.field for column in table.columns}
    found: list[str | None] = []
    for record in members:
        extra = record.keys() - declared
        kept = {name: record[name] for name in sorted(extra) if bytes(record[name]) != b"null"}
        found.append(_canonical(msgspec.json.encode(kept).decode()) if kept else None)
    return found


def _canonical(text: str | None) -> str | None:
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


def _fingerprints(canonical: pa.Table) -> pa.Array:
    """A hash of each row's content: typed values, so that key order and 100.0 against 100.00 do not matter."""
    parts = []
    for field in canonical.schema:
        name = f'"{field.name}"'
        text = f"epoch_us({name})::varchar" if pa.types.is_timestamp(field.type) else f"{name}::varchar"
        parts.append(f"coalesce(strlen({text}) || ':' || {text}, 'n')")
    with in_memory.cursor() as connection:
        connection.register("canonical", canonical)
        hashed = connection.sql(f"select md5(concat({', '.join(parts)})) as _fingerprint from canonical")  # noqa: S608
        return hashed.to_arrow_table().column(0).combine_chunks().cast(pa.string())


def _readable_key(table: RawTable, record: dict[str, msgspec.Raw]) -> str | None:
    fields = {column.name: column.field for column in table.columns}
    parts = [bytes(record.get(fields[name], _NULL)).decode(errors="replace").strip('"') for name in table.key]
    return None if "null" in parts or "" in parts else "|".join(parts)
