"""A JSON object under examination: every problem is collected, then raised as one 400.

In: a decoded request body. Out: checked values, or an `AtlarError` whose details name each field with its dotted path
(contract section 3.6). What a resource requires stands in that resource's module; here are only the kinds of value.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.amounts import Amount
from sandbox.atlar.errors import AtlarError, detail

EXTERNAL_ID = re.compile(r"[a-zA-Z0-9._\-+=]{1,64}")
_MARKET = re.compile(r"[A-Z]{2}")
_MAX_METADATA = 20


def parse_day(value: object) -> date | None:
    """A `YYYY-MM-DD` business date, else None (other ISO forms are not accepted: section 3.9)."""
    if not isinstance(value, str) or re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def parse_instant(value: object) -> datetime | None:
    """An RFC 3339 timestamp with its offset, up to nanoseconds (cut to microseconds), else None."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        parsed = datetime.fromisoformat(re.sub(r"(\.\d{6})\d{1,3}", r"\1", value))
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


class Body:
    """One object of a request body.

    Every reader returns the value or None and notes a problem; `done()` raises what was noted, children included.

    Args:
        value: The decoded JSON; anything but an object is refused at once.
        path: Dotted path of this object, empty for the whole body.
        problems: The list shared with the parent.
    """

    def __init__(self, value: Any, path: str = "", problems: list[dict[str, str]] | None = None) -> None:
        self.problems: list[dict[str, str]] = [] if problems is None else problems
        self._path = path
        if not isinstance(value, dict):
            if problems is None:
                raise AtlarError(400, "Request body must be a JSON object")
            self.problems.append(detail(path, "must be an object"))
            value = {}
        self.value: dict[str, Any] = value

    def named(self, field: str) -> str:
        """The dotted path of a field of this object."""
        return f"{self._path}.{field}" if self._path else field

    def refuse(self, field: str, error: str, code: str = "invalid_value") -> None:
        """Notes a problem."""
        self.problems.append(detail(self.named(field), error, code))

    def done(self) -> None:
        """Raises a 400 with everything that was noted, or does nothing."""
        if self.problems:
            raise AtlarError(400, "Invalid request", self.problems)

    def has(self, field: str) -> bool:
        """Whether the field is there and not null."""
        return self.value.get(field) is not None

    def _given(self, field: str, required: bool) -> Any:
        given = self.value.get(field)
        if given is None and required:
            self.refuse(field, "is required", "required")
        return given

    def text(self, field: str, *, required: bool = False, longest: int = 255, shortest: int = 1) -> str | None:
        """A string of a length between `shortest` and `longest`."""
        given = self._given(field, required)
        if given is None:
            return None
        if not isinstance(given, str) or not shortest <= len(given) <= longest:
            self.refuse(field, f"must be a string of {shortest} to {longest} characters")
            return None
        return given

    def choice(self, field: str, allowed: Collection[str], *, required: bool = False) -> str | None:
        """One of a closed list of words."""
        given = self._given(field, required)
        if given is None:
            return None
        if not isinstance(given, str) or given not in allowed:
            self.refuse(field, f"must be one of {', '.join(sorted(allowed))}")
            return None
        return given

    def flag(self, field: str, *, required: bool = False) -> bool | None:
        """A JSON boolean."""
        given = self._given(field, required)
        if given is not None and not isinstance(given, bool):
            self.refuse(field, "must be true or false")
            return None
        return given

    def day(self, field: str, *, required: bool = False) -> str | None:
        """A business date, kept as text."""
        given = self._given(field, required)
        if given is not None and parse_day(given) is None:
            self.refuse(field, "must be a date YYYY-MM-DD")
            return None
        return given

    def instant(self, field: str, *, required: bool = False) -> str | None:
        """An RFC 3339 timestamp, kept as text."""
        given = self._given(field, required)
        if given is not None and parse_instant(given) is None:
            self.refuse(field, "must be an RFC 3339 timestamp")
            return None
        return given

    def currency(self, field: str, *, required: bool = False) -> str | None:
        """A currency code."""
        given = self._given(field, required)
        if given is not None and not amounts.is_currency(given):
            self.refuse(field, "must be three capital letters")
            return None
        return given

    def market(self, field: str, *, required: bool = False) -> str | None:
        """A country code of two letters."""
        given = self._given(field, required)
        if given is not None and not (isinstance(given, str) and _MARKET.fullmatch(given)):
            self.refuse(field, "must be two capital letters")
            return None
        return given

    def external_id(self, field: str = "externalId", *, required: bool = False) -> str | None:
        """The caller's own key (contract section 3.2)."""
        given = self._given(field, required)
        if given is not None and not (isinstance(given, str) and EXTERNAL_ID.fullmatch(given)):
            self.refuse(field, "must match ^[a-zA-Z0-9._\\-+=]{1,64}$")
            return None
        return given

    def amount(self, field: str, *, required: bool = False, least: int | None = None) -> Amount | None:
        """An AmountInput; `least` is the smallest allowed count of minor units (0: not negative, 1: positive)."""
        given = self._given(field, required)
        if given is None:
            return None
        try:
            read = amounts.read_amount(given, self.named(field))
        except AtlarError as refusal:
            self.problems.extend(refusal.details)
            return None
        if least is not None and read["value"] < least:
            self.refuse(field, "must be positive" if least else "must not be negative")
            return None
        return read

    def strings(self, field: str, *, required: bool = False, most: int = _MAX_METADATA) -> dict[str, str] | None:
        """A flat string map such as metadata: at most `most` entries, keys up to 64, values up to 512 characters."""
        given = self._given(field, required)
        if given is None:
            return None
        if not isinstance(given, dict) or len(given) > most or not all(_is_entry(*item) for item in given.items()):
            self.refuse(field, f"must map up to {most} keys (64 characters) to strings (512 characters)")
            return None
        return given

    def plain(self, field: str) -> Any:
        """An object or list that is kept as it came; any other kind of value is refused."""
        given = self.value.get(field)
        if given is not None and not isinstance(given, dict | list):
            self.refuse(field, "must be an object or a list")
            return None
        return given

    def nested(self, field: str, *, required: bool = False) -> "Body | None":
        """An object inside this one, sharing its problems."""
        given = self._given(field, required)
        return None if given is None else Body(given, self.named(field), self.problems)

    def elements(self, field: str, least: int = 0, most: int = 100_000, *, required: bool = False) -> Iterator["Body"]:
        """The objects of a list, each sharing the problems; a list too short or too long is refused."""
        given = self._listed(field, least, most, required)
        for position, element in enumerate(given):
            yield Body(element, f"{self.named(field)}.{position}", self.problems)

    def texts(self, field: str, most: int, *, required: bool = False) -> list[str]:
        """A list of strings."""
        given = self._listed(field, 0, most, required)
        if not all(isinstance(item, str) for item in given):
            self.refuse(field, "must be a list of strings")
            return []
        return given

    def _listed(self, field: str, least: int, most: int, required: bool) -> list[Any]:
        given = self._given(field, required)
        if given is None:
            return []
        if not isinstance(given, list) or not least <= len(given) <= most:
            self.refuse(field, f"must be a list of {least} to {most} elements")
            return []
        return given


def _is_entry(key: object, value: object) -> bool:
    return isinstance(key, str) and 1 <= len(key) <= 64 and isinstance(value, str) and len(value) <= 512
