"""Vendor records to typed rows: exact decimals, declared columns, and a reason for every record that does not fit.

In: the JSON bytes of each record (`msgspec.Raw`), as the vendor wrote them. Out: an Arrow table of the declared
columns with `_unknown_fields` and `_fingerprint`, and the records that were refused.
Arrow reads whole blocks without making a Python object per value (`_read_block`); a block it refuses is halved until
the culprit stands among few, and those are judged value by value (`careful.py`).
What does not belong here: what is already landed, files, tombstones (`landing.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from pipelines.ahead import STEP
from pipelines.raw_table import RawTable
from pipelines.records import careful, currencies, custom_fields, nested_money, source_hashes
from pipelines.records.careful import ARROW_TYPES
from pipelines.records.fingerprints import fingerprints

_FEW = 128
"""Records that are judged one by one rather than halved further."""

_PATIENCE = 24
"""Blocks of one chunk that may be refused before all its rest is read the careful way: then it is no single culprit."""

_BLOCK_BYTES = 4 << 20
_WHOLE_BYTES = 32 << 20
"""Up to here Arrow may take a piece as one block."""

_UNREADABLE = (pa.ArrowException, msgspec.MsgspecError, ValueError, RecursionError)


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


@dataclass(frozen=True)
class TypedChunk:
    """A chunk's outcome, with where each row stood among the records."""

    rows: pa.Table
    at: Sequence[int]
    """Position in the records of each row."""
    source: pa.Array
    """Hash of each row's record as received (`source_hashes.py`)."""
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
    for chunk in typed_chunks(table, records):
        parts.append(chunk.rows)
        misfits += chunk.misfits
    return TypedRows(pa.concat_tables(parts), misfits)


def typed_chunks(table: RawTable, records: Sequence[msgspec.Raw]) -> Iterator[TypedChunk]:
    """`type_records`, a bounded number of records at a time."""
    for start in range(0, len(records), STEP):
        yield _type_chunk(table, records[start : start + STEP], start)


def _type_chunk(table: RawTable, records: Sequence[msgspec.Raw], start: int) -> TypedChunk:
    reasons: dict[int, str] = {}
    lines = source_hashes.lines(records)
    source = source_hashes.hashes(records, lines)
    blocks = list(_read_blocks(table, records, lines, reasons))
    columns = [_joined([block[number] for block in blocks]) for number in range(len(table.columns) + 1)]
    rows = pa.table([*columns, fingerprints(table, columns)], schema=typed_schema(table))
    misfits = [
        Misfit(careful.readable_key(table, records[at]), why, bytes(records[at])) for at, why in sorted(reasons.items())
    ]
    if not reasons:
        return TypedChunk(rows, range(start, start + len(records)), source, misfits)
    kept = [at for at in range(len(records)) if at not in reasons]
    taken = pa.array(kept, pa.int64())
    return TypedChunk(rows.take(taken), [start + at for at in kept], source.take(taken), misfits)


def _joined(arrays: list[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _read_blocks(
    table: RawTable, records: Sequence[msgspec.Raw], lines: bytes, reasons: dict[int, str]
) -> Iterator[list[pa.Array]]:
    """Columns of consecutive blocks, in order; what does not fit gains a reason by its position."""
    patience = _PATIENCE
    waiting = [(0, len(records))]
    while waiting:
        first, last = waiting.pop()
        if last - first > _FEW and patience > 0:
            try:
                block = records[first:last]
                yield _read_block(table, block, lines if len(block) == len(records) else source_hashes.lines(block))
            except _UNREADABLE:
                patience -= 1
                middle = (first + last) // 2
                waiting += [(middle, last), (first, middle)]
            continue
        told: dict[int, str] = {}
        yield careful.read(table, records[first:last], told)
        reasons.update({first + at: why for at, why in told.items()})


def _read_block(table: RawTable, records: Sequence[msgspec.Raw], data: bytes) -> list[pa.Array]:
    """Reads records that all fit; data is their lines.

    Returns:
        The declared columns in order, then `_unknown_fields`.

    Raises:
        _UNREADABLE: one of the records does not fit, or is written in a way that only the careful reader knows.
    """
    if not data.isascii():
        data.decode()  # Arrow would take bytes that are no text
    read, nested, unknown = _declared_only(table, records, data) or _with_more(table, records, data)
    if read.num_rows != len(records):
        raise ValueError("not one object per record")
    columns = []
    for column in table.columns:
        if column.is_nested:
            values = nested[column.field] if nested else _no_values(read, column.field)
        else:
            values = _converted(column.type, read[column.field])
        if column.type == "money" and not nested_money.are_fit(values):
            raise ValueError("an amount or a currency to be looked at")
        if column.type == "custom_fields" and not custom_fields.are_fit(values):
            raise ValueError("custom fields to be looked at")
        if column.name in table.key and (values.null_count or careful.has_empty(values)):
            raise ValueError(f"has no {column.name}")
        columns.append(values)
    return [*columns, unknown if unknown is not None else pa.nulls(len(records), pa.string())]


_Read = tuple[pa.Table, dict[str, pa.Array], pa.Array | None]
"""What Arrow read, the columns that hold JSON text by their field's name, and `_unknown_fields`."""


def _declared_only(table: RawTable, records: Sequence[msgspec.Raw], data: bytes) -> _Read | None:
    """Reads records that have scalars in declared members and nothing else; None where that is not known to be so.

    The first record tells whether it is worth trying. Arrow refuses what is nested or undeclared, so the bytes need
    not be looked through for it, and takes all of them as one block, however they are divided into lines.
    """
    if any(column.is_nested for column in table.columns) or len(data) > _WHOLE_BYTES:
        return None
    first = msgspec.json.decode(records[0], type=dict[str, msgspec.Raw])
    if not first.keys() <= {column.field for column in table.columns}:
        return None
    try:
        return _parsed(table, data, "error", is_lines=False), {}, None
    except pa.ArrowException:
        return None


def _with_more(table: RawTable, records: Sequence[msgspec.Raw], data: bytes) -> _Read:
    """Reads records that may have objects, lists, and members nobody declared."""
    is_flat = b"[" not in data and data.count(b"{") == len(records)
    nested, unknown = ({}, None) if is_flat else _nested(table, records)
    # What is nested is only passed over: to infer its type could recurse without end.
    is_lines = data.count(b"\n") == len(records) and b"\r" not in data
    read = _parsed(table, data, "infer" if is_flat else "ignore", is_lines=is_lines)
    if is_flat:
        unknown = _undeclared(table, records, read)
    return read, nested, unknown


def _no_values(read: pa.Table, field: str) -> pa.Array:
    """A nested column of flat records: nothing, or a scalar that Arrow would not keep as it was written."""
    if field in read.column_names and read[field].null_count < read.num_rows:
        raise ValueError("a scalar where an object or a list is expected")
    return pa.nulls(read.num_rows, pa.string())


# The digits of a number and the ten places together must fit in 38, and Arrow multiplies without a look: at most 28
# significant digits are read here. Longer ones that do fit are for the careful reader.
_READ_AS = {"decimal": pa.decimal128(28, 10), "date": pa.string(), "instant": pa.string()}


@functools.cache
def _options(table: RawTable, unexpected: str) -> pj.ParseOptions:
    declared = [
        (column.field, _READ_AS.get(column.type, ARROW_TYPES[column.type]))
        for column in table.columns
        if not column.is_nested
    ]
    return pj.ParseOptions(explicit_schema=pa.schema(declared), unexpected_field_behavior=unexpected)


def _parsed(table: RawTable, data: bytes, unexpected: str, *, is_lines: bool) -> pa.Table:
    # Arrow divides its blocks at line breaks: a record written over several lines must not be divided.
    read = pj.ReadOptions(block_size=_BLOCK_BYTES if is_lines else len(data) + 1, use_threads=False)
    return pj.read_json(pa.BufferReader(data), read_options=read, parse_options=_options(table, unexpected))


def _converted(type_: str, values: pa.ChunkedArray) -> pa.Array:
    whole = values.combine_chunks()
    if type_ == "currency" and not pc.all(pc.is_in(whole, value_set=currencies.array())).as_py():
        raise ValueError("an unknown currency")
    if type_ == "decimal":  # of the same scale, so the bytes are the same
        return pa.Array.from_buffers(ARROW_TYPES[type_], len(whole), whole.buffers(), whole.null_count, whole.offset)
    if type_ == "currency":
        return _without_empty(whole)
    if type_ == "instant":
        return _without_empty(whole).cast(ARROW_TYPES["instant"])  # refuses one without a zone
    if type_ == "date":
        days = whole.dictionary_encode()  # many records, few days
        dates = _without_empty(days.dictionary).cast(pa.timestamp("s")).cast(pa.date32())  # refuses one with a zone
        return dates.take(days.indices)
    return whole.cast(ARROW_TYPES[type_])


def _without_empty(texts: pa.Array) -> pa.Array:
    if pc.min(pc.binary_length(texts)).as_py() != 0:
        return texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _undeclared(table: RawTable, records: Sequence[msgspec.Raw], read: pa.Table) -> pa.Array | None:
    declared = {column.field for column in table.columns}
    extra = [name for name in read.column_names if name not in declared]
    return _unknown(table, records) if any(read[name].null_count < read.num_rows for name in extra) else None


def _unknown(table: RawTable, records: Sequence[msgspec.Raw]) -> pa.Array:
    reasons: dict[int, str] = {}
    found = careful.unknown_fields(table, careful.members(records, reasons), reasons)
    if reasons:
        raise ValueError(next(iter(reasons.values())))
    return pa.array(found, pa.string())


def _nested(table: RawTable, records: Sequence[msgspec.Raw]) -> tuple[dict[str, pa.Array], pa.Array | None]:
    """The columns that hold JSON text by their field's name, and `_unknown_fields` where a record has any."""
    told = msgspec.json.Decoder(list[_shape(table, strict=True)])  # type: ignore[misc]
    unknown = None
    whole = b"[" + b",".join(records) + b"]"
    try:
        read = told.decode(whole)
    except msgspec.ValidationError:
        read = msgspec.json.decode(whole, type=list[_shape(table, strict=False)])  # type: ignore[misc]
        unknown = _unknown(table, records)
    found = {}
    for number, column in enumerate(table.columns):
        if column.is_nested:
            name = f"_{number}"
            texts = [bytes(getattr(record, name)).decode() for record in read]
            found[column.field] = pa.array([None if text == "null" else text for text in texts], pa.string())
    return found, unknown


@functools.cache
def _shape(table: RawTable, *, strict: bool) -> Any:
    """A struct with a table's members as bytes: one that refuses members nobody declared, or passes over them."""
    fields = [(f"_{number}", msgspec.Raw, msgspec.Raw(b"null")) for number in range(len(table.columns))]
    rename = {f"_{number}": column.field for number, column in enumerate(table.columns)}
    return msgspec.defstruct(
        f"{table.name}_members", fields, rename=rename, forbid_unknown_fields=strict, gc=False, frozen=True
    )
