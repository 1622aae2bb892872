"""Reads the members of a record: those a client posted, and those of the invented company.

In: a record and its entity. Out: the values as they are stored (decimals as strings with the digits given, datetimes
as zone-less ISO text), or every member at fault. What does not belong here: which members there are (`entities.py`),
and rules between records, which are the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sandbox.atlas_etrm import statuses
from sandbox.atlas_etrm.entities import Entity

HIGHEST_POWER = 60
"""Of ten, in a decimal: written out digit by digit, 1e999999999 would fill the machine."""


def checked(entity: Entity, given: dict[str, Any], *, creating: bool) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Checks a posted record.

    Members nobody declared, and those that cannot be written, are passed over, as the vendor's are.

    Args:
        entity: What is posted.
        given: The posted members.
        creating: Whether the record is new, so that what a create must carry is missed.

    Returns:
        The members to set, as stored, and `{"field", "message"}` for each member at fault.
    """
    values: dict[str, Any] = {}
    errors: list[dict[str, str]] = []
    for field in entity.fields:
        needed = field.need == "always" or (creating and field.need == "create")
        if field.name not in given:
            if needed:
                errors.append({"field": field.name, "message": "is required"})
            continue
        if field.kind == "readonly":
            continue
        value = given[field.name]
        if value is None:
            if field.need != "optional":
                errors.append({"field": field.name, "message": "must not be null"})
            else:
                values[field.name] = False if field.kind == "bool" else None
            continue
        try:
            values[field.name] = _READERS[field.kind](value)
        except ValueError as error:
            errors.append({"field": field.name, "message": str(error)})
    return values, errors


def loaded(entity: Entity, given: dict[str, Any]) -> dict[str, Any]:
    """A record of the invented company as it is stored: every declared member present, others kept.

    Raises:
        ValueError: no whole-number id, or money that is a float.
    """
    record = {"id": _int(given.get("id"))}
    for field in entity.fields:
        value = given.get(field.name, field.default)
        if isinstance(value, float):
            raise ValueError(f"{entity.table}.{field.name} is a float")  # noqa: TRY004 - as for any wrong value
        if value is not None and field.kind == "decimal":
            value = format(Decimal(value), "f")
        elif isinstance(value, date):
            value = _iso(value)
        record[field.name] = value
    return {**record, **{name: value for name, value in given.items() if name not in record}}


def defaults(entity: Entity) -> dict[str, Any]:
    """The members of a new record before those posted are set."""
    return {field.name: field.default for field in entity.fields}


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")  # noqa: TRY004 - one kind of refusal for every member
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004
    return value


def _decimal(value: Any) -> str:
    # A number, as the contract has it; a string would hide a client that does not write numbers.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004
    if Decimal(value).adjusted() > HIGHEST_POWER:
        raise ValueError("is out of range")
    return format(Decimal(value), "f")


def _datetime(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 datetime")  # noqa: TRY004
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be an ISO 8601 datetime") from None
    if moment.tzinfo is not None:
        raise ValueError("must carry no time zone")
    return _iso(moment)


def _status(value: Any) -> str:
    name = statuses.name_of(value)
    if name is None:
        raise ValueError("is not a configured status")
    return name


def _document_type(value: Any) -> int:
    if isinstance(value, bool) or value not in (0, 1):
        raise ValueError("must be 0 (invoice) or 1 (self-invoice)")
    return int(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": _int,
    "text": _text,
    "bool": _bool,
    "decimal": _decimal,
    "datetime": _datetime,
    "status": _status,
    "document_type": _document_type,
}


def _iso(moment: date | datetime) -> str:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
