"""Values of custom fields inside a JSON column: keyed by `customFieldId` in dbt only, so the keys must be sound.

In: JSON texts, lists of CustomFieldValue (contracts/atlas-etrm.md, section 4.3). Out: whether each entry has its id and
readable days, and no field says two things from the same day on; if not, why. An entry without an id, or a field told
twice, would stop the build of all books, or decide by chance what VAT is due.
What does not belong here: what a field means (seed `custom_field_mapping`), quarantine.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from pipelines.transport import exact

_NONE = ("", "[]")


def are_fit(texts: pa.Array) -> bool:
    """Whether every list can be keyed."""
    return all(why_unfit(text) is None for text in texts.to_pylist() if text)


def why_unfit(text: str) -> str | None:
    """Why a list of values cannot be keyed; None where it can."""
    if text in _NONE:
        return None
    entries = exact.loads(text.encode())
    if entries is None:
        return None
    if not isinstance(entries, list):
        return "the custom fields are no list"
    told = set()
    for entry in entries:
        if not isinstance(entry, dict):
            return f"a custom field's value is no object: {str(entry)[:60]}"
        number = _number(entry.get("customFieldId"))
        if number is None:
            return f"a custom field's value has no customFieldId: {entry.get('customFieldName') or 'without a name'}"
        days = [_day(entry.get(name)) for name in ("validFrom", "validTo")]
        if None in days:
            return f"custom field {number} is valid from or to what is no day"
        if (number, days[0]) in told:
            return f"custom field {number} has two values from the same day on"
        told.add((number, days[0]))
    return None


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if abs(number) < 2**63 else None


def _day(value: Any) -> str | None:
    """The day as text, nothing for none; None where it is no day."""
    if value is None or value == "":
        return ""
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None
