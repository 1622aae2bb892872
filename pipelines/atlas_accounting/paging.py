"""Reading whole lists of Atlas Accounting, several pages at a time (contract section 5).

In: a session and a path. Out: every record once and whether the list was certainly complete, or what changed of it.
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

from pipelines.atlas_accounting.incremental import Tail, updated_at
from pipelines.atlas_accounting.page import PAGE_SIZE, ROOM, Page, begins_before, count, goes_on, keep, page_size_for
from pipelines.transport import errors, exact
from pipelines.transport.answer import Answer, begins_with, decode
from pipelines.transport.session import Session

_PAGES_AT_ONCE = 8
_READINGS = 4
_MOST_PAGES = 100_000
_LEAST_NEWEST = 200

_BY_UPDATE = {"sort_by": "updated_at", "sort_order": "asc"}
_ASCENDING = {"sort_by": "created_at", "sort_order": "asc"}
_DESCENDING = {"sort_by": "created_at", "sort_order": "desc"}


@dataclass(frozen=True)
class Listing:
    """A list as read."""

    records: list[msgspec.Raw]
    is_complete: bool
    """False where it kept moving while it was read: then nothing that is not in it may be called gone."""
    is_by_update: bool = False
    """Read in the order of `updated_at`: then nothing that changed meanwhile is older than the newest it shows."""


@dataclass(frozen=True)
class _Reading:
    records: dict[str, msgspec.Raw]
    holds_still: bool
    is_by_update: bool = False


class Pages:
    """The paging of one company's lists."""

    def __init__(self, session: Session, scope: Callable[[], dict[str, str]]) -> None:
        """Args: scope gives the query members that every company-scoped call carries."""
        self._session = session
        self._scope = scope
        self._unsorted: set[str] = set()
        self._not_by_update: set[str] = set()

    def items(self, answer: Answer) -> list[msgspec.Raw]:
        """The records of a list answer of either shape."""
        return self._parsed(answer).items

    def by_page(self, path: str, known: frozenset[str] = frozenset()) -> Listing:
        """Reads `page` after `page` of 100, longest unchanged first: what is added or changed meanwhile comes last.

        Args:
            path: The list.
            known: Ids it had before; see `Listing.is_complete`.
        """
        return self._settled(lambda attempt: self._read_pages(path, attempt), known)

    def by_offset(self, path: str, known: frozenset[str] = frozenset()) -> Listing:
        """Reads by `offset` and `limit` until a page is short, or empty where the vendor allows fewer than asked."""
        return self._settled(lambda attempt: self._read_offsets(path, attempt), known)

    def changed(self, path: str, tail: Tail) -> list[msgspec.Raw] | None:
        """What changed at the end of a list sorted by `updated_at`, several versions of a record in order.

        A single page is one moment of the list. Where the end takes several, a record that changes meanwhile moves
        the others down, maybe onto a page already read: so it is read again until a reading shows nothing new.

        Returns:
            Records, some of them unchanged; None where the list has to be read in full: it does not sort, keeps
            moving, or its total is not what it should be (something was deleted, or never seen).
        """
        size = page_size_for(tail.start, tail.count)
        return self._changed(lambda: self._read_tail(path, tail, size), tail)

    def changed_by_offset(self, path: str, tail: Tail) -> list[msgspec.Raw] | None:
        """The same of a list that is read by `offset` and `limit`; how long it is, its end tells.

        Its vendor names no sorting. Where it sorts all the same, and what it gives is in that order, it is believed.
        """
        return self._changed(lambda: self._read_end(path, tail), tail)

    def _changed(self, read: Callable[[], list[Page] | None], tail: Tail) -> list[msgspec.Raw] | None:
        found: dict[bytes, msgspec.Raw] = {}
        for _ in range(_READINGS):
            pages = read()
            if pages is None:
                return None
            before = len(found)
            found.update((bytes(record), record) for page in pages for record in page.items)
            if len(pages) == 1 or len(found) == before:
                break
        else:
            return None
        ids: dict[str, msgspec.Raw] = {}
        keep(ids, list(found.values()))
        total = pages[-1].total
        if total is None or total != len(tail.ids | ids.keys()) + tail.uncounted:
            return None
        return sorted(found.values(), key=lambda record: updated_at(record) or tail.cutoff)

    def _read_tail(self, path: str, tail: Tail, size: int) -> list[Page] | None:
        """Pages from the one that begins before the cutoff to the last."""
        number = max(tail.start - 1, 0) // size + 1
        pages: list[Page] = []
        while True:
            page = self._page(path, {"page": number, "page_size": size, **_BY_UPDATE})
            if path in self._not_by_update:
                return None
            pages.insert(0, page)
            if number == 1 or begins_before(page, tail.cutoff):
                break
            number -= 1  # records that stood before the cutoff have changed since, and stand behind it now
        number += len(pages)
        while pages[-1].has_next and pages[-1].items and len(pages) < _MOST_PAGES:
            pages.append(self._page(path, {"page": number, "page_size": size, **_BY_UPDATE}))
            number += 1
        return pages

    def _read_end(self, path: str, tail: Tail) -> list[Page] | None:
        """Pages from an offset before the cutoff to the end; the last tells the list's total."""
        if path in self._not_by_update:
            return None
        first = offset = max(tail.start - 1 - ROOM, 0)
        pages: list[Page] = []
        while True:
            page = self._page(path, {"offset": offset, "limit": PAGE_SIZE, **_BY_UPDATE})
            if path in self._not_by_update:
                return None
            pages.append(page)
            offset += len(page.items)
            if len(page.items) < PAGE_SIZE:
                break
            if len(page.items) > PAGE_SIZE or len(pages) >= _MOST_PAGES:
                return None  # the vendor does not page: what it gives is the whole list
        while first > 0 and not begins_before(pages[0], tail.cutoff):
            # Records that stood before the cutoff have changed since, and stand behind it now.
            former, first = first, max(first - PAGE_SIZE, 0)
            pages.insert(0, self._page(path, {"offset": first, "limit": former - first, **_BY_UPDATE}))
        if not self._is_ascending(path, [record for each in pages for record in each.items]):
            return None
        end = Page(pages.pop().items, total=offset)
        return [*pages, end]

    def _is_ascending(self, path: str, records: list[msgspec.Raw]) -> bool:
        """Whether records stand by `updated_at`; a vendor may ignore a sorting it never named."""
        moments = [updated_at(record) for record in records]
        known = [moment for moment in moments if moment is not None]
        if len(known) == len(moments) and known == sorted(known):
            return True
        self._not_by_update.add(path)
        return False

    def _settled(self, read: Callable[[int], _Reading], known: frozenset[str]) -> Listing:
        """Reads until the list held still, and until what it lacks of the known was lacking twice.

        A deletion meanwhile moves another record onto a page already read; it would then look deleted too, and a
        document that looks deleted would be made again.
        """
        reading = _Reading({}, holds_still=False)
        lacking: frozenset[str] | None = None
        for attempt in range(_READINGS):
            reading = read(attempt)
            missing = known - reading.records.keys()
            if reading.holds_still and (not missing or missing == lacking):
                return Listing(list(reading.records.values()), True, reading.is_by_update)
            lacking = frozenset(missing) if reading.holds_still else None
        return Listing(list(reading.records.values()), is_complete=False)

    def _read_offsets(self, path: str, attempt: int) -> _Reading:
        by_update = attempt < _READINGS // 2 and path not in self._not_by_update
        sort = _BY_UPDATE if by_update else self._sorting(path)

        def read(offset: int) -> Page:
            return self._page(path, {"offset": offset, "limit": PAGE_SIZE, **sort})

        pages = self._to_the_end(path, [read(0)], lambda before: read(count(before)))
        in_order = [record for page in pages for record in page.items]
        found: dict[str, msgspec.Raw] = {}
        keep(found, in_order)
        by_update = by_update and path not in self._not_by_update and self._is_ascending(path, in_order)
        # A record met twice was moved by an insertion or a deletion meanwhile.
        return _Reading(found, holds_still=len(found) == len(in_order), is_by_update=by_update)

    def _to_the_end(
        self,
        path: str,
        pages: list[Page],
        read_next: Callable[[list[Page]], Page],
        is_enough: Callable[[list[Page]], bool] = lambda _: False,
    ) -> list[Page]:
        """Adds pages to the first ones until the list ends, or they are enough.

        Raises:
            UnexpectedAnswer: full pages come again and again: nothing tells what else the list holds.
        """
        while goes_on(pages) and not is_enough(pages):
            page = read_next(pages)
            if page.items and [*map(bytes, page.items)] == [*map(bytes, pages[-1].items)]:
                if len(page.items) < PAGE_SIZE:
                    return pages  # the vendor does not page: this is the whole list
                raise errors.UnexpectedAnswer(self._session.system, f"{path} answers every page with the same records")
            pages.append(page)
            if len(pages) >= _MOST_PAGES:
                raise errors.UnexpectedAnswer(self._session.system, f"{path} never comes to an end")
        return pages

    def newest(self, path: str, until: datetime, *, by_page: bool) -> list[dict[str, Any]]:
        """Newest first, until a page reaches back before an instant; all of it where the list is not in that order."""

        def read(before: list[Page]) -> Page:
            at = {"page": len(before) + 1, "page_size": PAGE_SIZE}
            return self._page(
                path, {**(at if by_page else {"offset": count(before), "limit": PAGE_SIZE}), **_DESCENDING}
            )

        def reaches_back(pages: list[Page]) -> bool:
            moments = [_created(exact.members(record)) for page in pages for record in page.items]
            # A vendor may ignore a sorting: what a list in another order has not shown yet may be the newest.
            return len(moments) >= _LEAST_NEWEST and moments[-1] < until and moments == sorted(moments, reverse=True)

        pages = self._to_the_end(path, [read([])], read, is_enough=reaches_back)
        records = [exact.members(record) for page in pages for record in page.items]
        return list({str(record.get("id")): record for record in records}.values())

    def _read_pages(self, path: str, attempt: int) -> _Reading:
        # Records updated at one instant may change places from page to page; by creation a busy list holds still too.
        by_update = attempt < _READINGS // 2 and path not in self._not_by_update
        sort = _BY_UPDATE if by_update else self._sorting(path)

        def read(number: int) -> Page:
            return self._page(path, {"page": number, "page_size": PAGE_SIZE, **sort})

        pages = [read(1)]
        told = -(-(pages[0].total or 0) // PAGE_SIZE)
        if told > 1:
            with ThreadPoolExecutor(max_workers=_PAGES_AT_ONCE) as pool:
                pages += pool.map(read, range(2, told + 1))
        pages = self._to_the_end(path, pages, lambda before: read(len(before) + 1))
        found: dict[str, msgspec.Raw] = {}
        for page in pages:
            keep(found, page.items)
        totals = {page.total for page in pages}
        holds_still = len(totals) == 1 and totals <= {None, len(found)}
        return _Reading(found, holds_still, by_update and path not in self._not_by_update)

    def _sorting(self, path: str) -> dict[str, str]:
        return {} if path in self._unsorted else _ASCENDING

    def _page(self, path: str, params: dict[str, Any]) -> Page:
        """One page; in an order of the vendor's where it refuses the one asked for."""
        try:
            answer = self._session.send("read", "GET", path, params={**self._scope(), **params})
        except errors.Refused:
            if "sort_by" not in params:
                raise
            unsorted = {name: value for name, value in params.items() if not name.startswith("sort_")}
            if params["sort_by"] == "updated_at":
                self._not_by_update.add(path)
                return self._page(path, {**unsorted, **self._sorting(path)})
            self._unsorted.add(path)
            answer = self._session.send("read", "GET", path, params={**self._scope(), **unsorted})
        return self._parsed(answer)

    def _parsed(self, answer: Answer) -> Page:
        if begins_with(answer.body) == b"[":
            return Page(decode(self._session.system, answer, list[msgspec.Raw], is_write=False))
        page: Page = decode(self._session.system, answer, Page, is_write=False)
        return page


def _created(record: dict[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(record.get("created_at")))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
