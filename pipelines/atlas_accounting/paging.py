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
_READINGS = 4
_MOST_PAGES = 100_000
_LEAST_NEWEST = 200

_ASCENDING = {"sort_by": "created_at", "sort_order": "asc"}
_DESCENDING = {"sort_by": "created_at", "sort_order": "desc"}


@dataclass(frozen=True)
class Listing:
    """A list as read."""

    records: list[msgspec.Raw]
    is_complete: bool
    """False where it kept moving while it was read: then nothing that is not in it may be called gone."""


@dataclass(frozen=True)
class _Reading:
    records: dict[str, msgspec.Raw]
    holds_still: bool


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

    def by_page(self, path: str, known: frozenset[str] = frozenset()) -> Listing:
        """Reads `page` after `page` of 100, oldest first, so that records added meanwhile come last.

        Args:
            path: The list.
            known: Ids it had before; see `Listing.is_complete`.
        """
        return self._settled(lambda: self._read_pages(path), known)

    def by_offset(self, path: str, known: frozenset[str] = frozenset()) -> Listing:
        """Reads by `offset` and `limit` until a page is short, or empty where the vendor allows fewer than asked."""
        return self._settled(lambda: self._read_offsets(path), known)

    def _settled(self, read: Callable[[], _Reading], known: frozenset[str]) -> Listing:
        """Reads until the list held still, and until what it lacks of the known was lacking twice.

        A deletion meanwhile moves another record onto a page already read; it would then look deleted too, and a
        document that looks deleted would be made again.
        """
        reading = _Reading({}, holds_still=False)
        lacking: frozenset[str] | None = None
        for _ in range(_READINGS):
            reading = read()
            missing = known - reading.records.keys()
            if reading.holds_still and (not missing or missing == lacking):
                return Listing(list(reading.records.values()), is_complete=True)
            lacking = frozenset(missing) if reading.holds_still else None
        return Listing(list(reading.records.values()), is_complete=False)

    def _read_offsets(self, path: str) -> _Reading:
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
                # A record met twice was moved by an insertion or a deletion meanwhile.
                return _Reading(found, holds_still=len(found) == offset)
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

    def _read_pages(self, path: str) -> _Reading:
        sort = self._sorting(path)

        def read(number: int) -> _Page:
            return self._page(path, {"page": number, "page_size": PAGE_SIZE, **sort})

        pages = [read(1)]
        told = -(-(pages[0].total or 0) // PAGE_SIZE)
        if told > 1:
            with ThreadPoolExecutor(max_workers=_PAGES_AT_ONCE) as pool:
                pages += pool.map(read, range(2, told + 1))
        while pages[-1].has_next and pages[-1].items and len(pages) < _MOST_PAGES:
            pages.append(read(len(pages) + 1))
        found: dict[str, msgspec.Raw] = {}
        for page in pages:
            _keep(found, page.items)
        totals = {page.total for page in pages}
        return _Reading(found, holds_still=len(totals) == 1 and totals <= {None, len(found)})

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
