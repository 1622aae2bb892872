"""The query string of a list call: limit, token, plain filters, deep-object ranges, repeated values.

In: the pairs of a query string. Out: checked values (contract section 3.1). Applying them is `paging`'s and the
resource's affair.
"""

from collections.abc import Callable, Iterable

from sandbox.atlar.errors import bad_request
from sandbox.atlar.validation import parse_day

DEFAULT_LIMIT = 100
MOST_PER_PAGE = 500
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, bound: value == bound,
    "gte": lambda value, bound: value >= bound,
    "lte": lambda value, bound: value <= bound,
}


class Query:
    """A decoded query string.

    Args:
        pairs: Names and values in the order they were sent; names may repeat.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = list(pairs)

    def text(self, name: str) -> str | None:
        """The last value of a name, None when it is absent or empty."""
        found = [value for key, value in self.pairs if key == name]
        return found[-1] if found and found[-1] else None

    def many(self, name: str) -> frozenset[str]:
        """All values of `name` and `name[]`; empty when not filtered."""
        return frozenset(value for key, value in self.pairs if key in (name, f"{name}[]") and value)

    def members(self, name: str) -> frozenset[str]:
        """The values of `name=A` or `name[in]=A,B`; an empty value is a value (a single movement's correctionType)."""
        found: set[str] = set()
        for key, value in self.pairs:
            if key == f"{name}[in]":
                found.update(value.split(","))
            elif key == name:
                found.add(value)
        return frozenset(found)

    def flag(self, name: str) -> bool | None:
        """A boolean filter.

        Raises:
            AtlarError: 400 for anything but true or false.
        """
        value = self.text(name)
        if value is None:
            return None
        if value not in ("true", "false"):
            raise bad_request(name, "must be true or false")
        return value == "true"

    @property
    def limit(self) -> int:
        """Records per page, 1 to 500, 100 by default; else 400 (assumption A2)."""
        value = self.text("limit")
        if value is None:
            return DEFAULT_LIMIT
        if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= MOST_PER_PAGE:
            raise bad_request("limit", f"must be an integer from 1 to {MOST_PER_PAGE}")
        return int(value)

    @property
    def token(self) -> str:
        """The token of the page asked for; empty for the first."""
        return self.text("token") or ""

    def days(self, name: str) -> Callable[[str], bool]:
        """A predicate over dates for `name=D`, `name[eq]=D`, `name[gte]=D` and `name[lte]=D`.

        Raises:
            AtlarError: 400 for a value that is no date, or a comparison that is not offered.
        """
        tests: list[tuple[Callable[[str, str], bool], str]] = []
        for key, value in self.pairs:
            if key != name and not key.startswith(f"{name}["):
                continue
            comparison = "eq" if key == name else key[len(name) + 1 : -1]
            if comparison not in _COMPARISONS or not (key == name or key.endswith("]")):
                raise bad_request(key, "comparison must be gte, lte or eq")
            if parse_day(value) is None:
                raise bad_request(key, "must be a date YYYY-MM-DD")
            tests.append((_COMPARISONS[comparison], value))
        return lambda day: all(compare(day, bound) for compare, bound in tests)

    def between(self, first: str = "from", last: str = "to") -> Callable[[str], bool]:
        """A predicate over dates for the plain `from` and `to` of connectivity lists (both included)."""
        bounds = {name: self.text(name) for name in (first, last)}
        for name, value in bounds.items():
            if value is not None and parse_day(value) is None:
                raise bad_request(name, "must be a date YYYY-MM-DD")
        low, high = bounds[first], bounds[last]
        return lambda day: (low is None or day >= low) and (high is None or day <= high)

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Everything but paging, in a fixed order: a token is good only for the filters it was issued under."""
        return sorted((key, value) for key, value in self.pairs if key not in ("limit", "token"))
