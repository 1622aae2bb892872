"""Reading whole lists of Atlas Accounting, several pages at a time (contract section 5).

In: a session and a path. Out: every record once, and whether the list was certainly complete.
Both bodies are understood: `{items, total, page, page_size, has_next}` and a bare array.
What does not belong here: which lists there are (`client.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipelines.transport import errors, exact
from pipelines.transport.session import Answer, Session, decode

PAGE_SIZE = 100
_PAGES_AT_ONCE = 8
_READINGS = 3
_MOST_PAGES = 100_000
_LEAST_NEWEST = 200

_ASCENDING = {"sort_by": "created_at", "sort_order": "asc"}
_DESCENDING = {"sort_by": "created_at", "sort_order": "desc"}


@dataclass(frozen=True)
class Listing:
    """A list as read; `is_complete` is False where it kept moving while we read, so nothing may be called gone."""

    records: list[msgspec.Raw]
    is_complete: bool


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]
    total: int | None = None
    has_next: bool | None = None


class _Identified(msgspec.Struct):
    id: str


class Pages:
    """The paging of one company's lists."""

    def __init__(self, session: Session, scope: Callable[[], dict[str, str]]) -> None:
        """Args: scope gives the query members that every company-scoped call carries."""
        self._session = session
        self._scope = scope
        self._unsorted: set[str] = set()

    def items(self, answer: Answer) -> list[msgspec.Raw]:
        """The records of a list answer of either shape."""
        return self._parsed(answer).items

    def by_page(self, path: str) -> Listing:
        """Reads `page` after `page` of 100, oldest first, so that records added meanwhile come last.

        A deletion meanwhile moves records onto a page already read. It shows in the total: the list is read again,
        a bounded number of times.
        """
        found: dict[str, msgspec.Raw] = {}
        for _ in range(_READINGS):
            read, total = self._read_pages(path)
            found.update(read)
            if total is None or len(read) == total:
                return Listing(list(read.values()), is_complete=True)
        return Listing(list(found.values()), is_complete=False)

    def by_offset(self, path: str) -> Listing:
        """Reads by `offset` and `limit` until a page is short, or empty where the vendor allows fewer than asked."""
        found: dict[str, msgspec.Raw] = {}
        sort = self._sorting(path)
        offset = 0
        full = False
        for _ in range(_MOST_PAGES):
            page = self._page(path, {"offset": offset, "limit": PAGE_SIZE, **sort})
            _keep(found, page.items)
            offset += len(page.items)
            is_short = len(page.items) < PAGE_SIZE
            full = full or not is_short
            if not page.items or (is_short and full) or (page.total is not None and offset >= page.total):
                return Listing(list(found.values()), is_complete=page.total is None or len(found) >= page.total)
        raise errors.UnexpectedAnswer(self._session.system, f"{path} never comes to an end")

    def newest(self, path: str, until: datetime, *, by_page: bool) -> list[dict[str, Any]]:
        """Newest first, until a page reaches back before an instant."""
        found: dict[str, dict[str, Any]] = {}
        for number in range(_MOST_PAGES):
            at = {"page": number + 1, "page_size": PAGE_SIZE} if by_page else {"offset": number * PAGE_SIZE}
            page = self._page(path, {**at, **({} if by_page else {"limit": PAGE_SIZE}), **_DESCENDING})
            records = [exact.loads(record) for record in page.items]
            found.update((str(record.get("id")), record) for record in records)
            reached = any(_created(record) < until for record in records) and len(found) >= _LEAST_NEWEST
            if reached or len(page.items) < PAGE_SIZE or page.has_next is False:
                break
        return list(found.values())

    def _read_pages(self, path: str) -> tuple[dict[str, msgspec.Raw], int | None]:
        sort = self._sorting(path)
        first = self._page(path, {"page": 1, "page_size": PAGE_SIZE, **sort})

        def read(number: int) -> _Page:
            return self._page(path, {"page": number, "page_size": PAGE_SIZE, **sort})

        found: dict[str, msgspec.Raw] = {}
        _keep(found, first.items)
        pages_told = -(-(first.total or 0) // PAGE_SIZE)
        last = first
        number = 1
        if pages_told > 1:
            with ThreadPoolExecutor(max_workers=_PAGES_AT_ONCE) as pool:
                for last in pool.map(read, range(2, pages_told + 1)):
                    _keep(found, last.items)
            number = pages_told
        while last.has_next and last.items and number < _MOST_PAGES:
            number += 1
            last = read(number)
            _keep(found, last.items)
        return found, last.total

    def _sorting(self, path: str) -> dict[str, str]:
        return {} if path in self._unsorted else _ASCENDING

    def _page(self, path: str, params: dict[str, Any]) -> _Page:
        try:
            answer = self._session.send("read", "GET", path, params={**self._scope(), **params})
        except errors.Refused:
            if "sort_by" not in params:
                raise
            # The endpoint does not sort: it is read in its own order then.
            self._unsorted.add(path)
            unsorted = {name: value for name, value in params.items() if not name.startswith("sort_")}
            answer = self._session.send("read", "GET", path, params={**self._scope(), **unsorted})
        return self._parsed(answer)

    def _parsed(self, answer: Answer) -> _Page:
        if answer.body.lstrip()[:1] == b"[":
            return _Page(decode(self._session, answer, list[msgspec.Raw], is_write=False))
        page: _Page = decode(self._session, answer, _Page, is_write=False)
        return page


def _keep(found: dict[str, msgspec.Raw], records: list[msgspec.Raw]) -> None:
    for record in records:
        try:
            found[msgspec.json.decode(record, type=_Identified).id] = record
        except msgspec.MsgspecError:
            found[f"unidentified {len(found)}"] = record  # landing will quarantine it, with its reason


def _created(record: dict[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(record.get("created_at")))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
