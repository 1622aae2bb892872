"""Reading a request body field by field, so that one 422 names every field at fault.

In: the body as decoded JSON (or the same dict from the world generator). Out: typed values; `finish()` raises the
vendor's validation error (contract section 4) with all messages found so far. What does not belong here: rules that
need other records, and states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.errors import AtlasAccountingError

_CURRENCY = re.compile(r"[A-Z]{3}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def as_day(value: Any) -> date | None:
    """A business date from a date or `YYYY-MM-DD`; None for anything else (a datetime is not a date)."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


class Fields:
    """The fields of one body, or of one element of a list in it.

    Getters note a message instead of raising; what they return for a field at fault is None (or a harmless value)
    and must not be used before `finish()`.
    """

    def __init__(self, data: Any, *, path: str = "", errors: list[dict[str, str]] | None = None) -> None:
        self._path = path
        self.errors: list[dict[str, str]] = [] if errors is None else errors
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            self.errors.append({"field": path.rstrip(".") or "body", "message": "must be an object"})

    def fault(self, name: str, message: str) -> None:
        """Notes a message about a field."""
        self.errors.append({"field": f"{self._path}{name}", "message": message})

    def finish(self) -> None:
        """Raises the 422 with every message noted, in the order found.

        Raises:
            AtlasAccountingError: 422, when anything was noted.
        """
        if self.errors:
            raise AtlasAccountingError(422, "Validation failed", self.errors)

    def has(self, name: str) -> bool:
        """Whether the body speaks of the field at all (a PATCH changes only those)."""
        return name in self._data

    def raw(self, name: str) -> Any:
        """The field as it came."""
        return self._data.get(name)

    def _present(self, name: str, *, required: bool) -> Any:
        value = self._data.get(name)
        if value is None and required:
            self.fault(name, "field required")
        return value

    def text(self, name: str, *, required: bool = False, max_length: int | None = None) -> str | None:
        """A string without surrounding blanks; an empty one counts as absent."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, str):
            self.fault(name, "must be a string")
            return None
        value = value.strip() if value else None
        if not value:
            if required:
                self.fault(name, "field required")
            return None
        if max_length is not None and len(value) > max_length:
            self.fault(name, f"must have at most {max_length} characters")
        return str(value)

    def email(self, name: str) -> str | None:
        """An e-mail address by its shape."""
        value = self.text(name)
        if value is not None and not _EMAIL.fullmatch(value):
            self.fault(name, "value is not a valid email address")
        return value

    def currency(self, name: str, default: str) -> str:
        """A currency code; the default when absent."""
        value = self.text(name)
        if value is not None and not _CURRENCY.fullmatch(value):
            self.fault(name, "must be a three-letter currency code")
        return value or default

    def choice(self, name: str, allowed: Collection[str], *, required: bool = False) -> str | None:
        """One of the words allowed."""
        value = self._present(name, required=required)
        if value is not None and value not in allowed:
            self.fault(name, f"must be one of {', '.join(sorted(allowed))}")
            return None
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, bool):
            self.fault(name, "must be a boolean")
        return default if value is None else bool(value)

    def whole(self, name: str) -> int | None:
        """A whole number, zero or more."""
        value = self._data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.fault(name, "must be a whole number, zero or more")
            return None
        return value

    def day(self, name: str, *, required: bool = False) -> str | None:
        """A business date as `YYYY-MM-DD`."""
        value = self._present(name, required=required)
        if value is None:
            return None
        parsed = as_day(value)
        if parsed is None:
            self.fault(name, "must be a date, YYYY-MM-DD")
            return None
        return parsed.isoformat()

    def number(self, name: str, *, required: bool = False, zero: bool = False) -> Decimal:
        """A decimal above zero (zero too with `zero`), sent as string or number. Zero when absent or at fault."""
        value = self._present(name, required=required)
        if value is None:
            return money.ZERO
        parsed = money.parse(value)
        if parsed is None:
            self.fault(name, "must be a decimal number, sent as a string")
            return money.ZERO
        if parsed < 0 or (parsed == 0 and not zero):
            self.fault(name, "must be zero or more" if zero else "must be greater than zero")
            return money.ZERO
        return parsed

    def amount(self, name: str, currency: str) -> Decimal:
        """A required amount above zero with no more decimals than its currency has."""
        value = self.number(name, required=True)
        if money.decimals(value) > money.minor_units(currency):
            self.fault(name, f"must have at most {money.minor_units(currency)} decimals in {currency}")
        return value

    def items(self, name: str, *, minimum: int) -> Iterator[Fields]:
        """The elements of a list, each read like a body; their messages carry `name.index.` before the field."""
        value = self._data.get(name)
        if value is None and not minimum:
            return
        if not isinstance(value, list) or len(value) < minimum:
            self.fault(name, f"must be a list with at least {minimum} element{'s' if minimum != 1 else ''}")
            return
        for position, element in enumerate(value):
            yield Fields(element, path=f"{self._path}{name}.{position}.", errors=self.errors)
