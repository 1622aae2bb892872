"""Pages of a list: `items`, `nextToken`, `token`, `limit`, and pages that are short before the end.

In: records in a total order, a filter, a `Query`. Out: one page (contract section 3.1). The end is an empty `nextToken`
and nothing else; to keep clients honest, every fourth page from the second on is short and every fourth from the third
on is empty although more follow. Tokens name the last record seen, so inserts and deletes in mid-list neither repeat
nor skip a record.
"""

import base64
import binascii
import bisect
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.atlar.errors import bad_request
from sandbox.atlar.query import Query

Record = dict[str, Any]
SortKey = tuple[Any, ...]


@dataclass(frozen=True)
class Ordered:
    """Records in their order, with the key of each beside it."""

    records: Sequence[Record]
    keys: Sequence[SortKey]


@dataclass(frozen=True)
class Page:
    """One page of a list, in the shape of the answer's four keys."""

    items: list[Record]
    next_token: str
    token: str
    limit: int


@dataclass(frozen=True)
class _Position:
    after: SortKey | None
    number: int


def page_of(
    ordered: Ordered, query: Query, keep: Callable[[Record], bool] = lambda record: True, *, short: bool = True
) -> Page:
    """Cuts one page.

    Args:
        ordered: The whole list in a total order.
        query: Gives limit, token and the filters the token is bound to.
        keep: The list's filter.
        short: Whether pages in mid-list may be short or empty.

    Returns:
        The page; `next_token` is empty at the end of the list.

    Raises:
        AtlarError: 400 for a bad limit or a token that is not of this list and these filters (assumption A2).
    """
    limit = query.limit
    position = _read_token(query)
    room = _room(limit, position.number) if short else limit
    start = 0 if position.after is None else bisect.bisect_right(ordered.keys, position.after)
    items: list[Record] = []
    last = position.after
    more = False
    for index in range(start, len(ordered.records)):
        if not keep(ordered.records[index]):
            continue
        if len(items) == room:
            more = True
            break
        items.append(ordered.records[index])
        last = ordered.keys[index]
    next_token = _write_token(query, _Position(last, position.number + 1)) if more else ""
    return Page(items, next_token, query.token, limit)


def _room(limit: int, number: int) -> int:
    if number % 4 == 2:
        return 0
    return max(1, limit * 2 // 3) if number % 4 == 1 else limit


def _fingerprint(query: Query) -> str:
    return hashlib.sha256(json.dumps(query.filters).encode()).hexdigest()[:12]


def _write_token(query: Query, position: _Position) -> str:
    text = json.dumps([_fingerprint(query), position.number, position.after], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(query: Query) -> _Position:
    if not query.token:
        return _Position(None, 0)
    try:
        padded = query.token + "=" * (-len(query.token) % 4)
        fingerprint, number, after = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, binascii.Error, TypeError) as error:
        raise bad_request("token", "is not a token of this list") from error
    if fingerprint != _fingerprint(query) or not isinstance(number, int):
        raise bad_request("token", "belongs to a list with other filters")
    return _Position(None if after is None else tuple(after), number)
