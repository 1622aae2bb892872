"""One page of a list of Atlas Accounting, and what a row of pages tells: whether the list goes on, how long it is.

In: pages as answered. Out: their records by id, where a list ends, which page size reaches its end in one page.
What does not belong here: requests (`paging.py`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pipelines.atlas_accounting.incremental import updated_at

PAGE_SIZE = 100
ROOM = 15
"""New records that one page should hold beside the overlap: two pages have to be read twice, one is one moment."""


class Page(msgspec.Struct):
    """A page in either body."""

    items: list[msgspec.Raw]
    total: int | None = None
    has_next: bool | None = None


class _Identified(msgspec.Struct):
    id: str


def page_size_for(start: int, count: int) -> int:
    """The largest page size, at most 100, at which one page holds everything from before `start` to the end.

    With room for some records that are new, where that can be; the largest page where the end is longer than one.
    """
    first = max(start - 1, 0)
    for room in (ROOM, 0):
        last = max(count - 1, 0) + room
        for size in range(PAGE_SIZE, last - first, -1):
            if first // size == last // size:
                return size
    return PAGE_SIZE


def goes_on(pages: list[Page]) -> bool:
    """Whether a list goes on behind its first pages.

    Where the vendor does not say (a bare array), an empty page is the end, and a short one behind a full one: it may
    allow fewer rows than asked for. More than asked for is the whole list.
    """
    last = pages[-1]
    if not last.items:
        return False
    if last.has_next is not None:
        return last.has_next
    if last.total is not None:
        return count(pages) < last.total
    sizes = {len(page.items) for page in pages}
    return max(sizes) <= PAGE_SIZE and not (len(last.items) < PAGE_SIZE and PAGE_SIZE in sizes)


def count(pages: list[Page]) -> int:
    """How many records some pages have."""
    return sum(len(page.items) for page in pages)


def begins_before(page: Page, cutoff: datetime) -> bool:
    """Whether a page's first record was last changed before an instant."""
    first = updated_at(page.items[0]) if page.items else None
    return first is not None and first < cutoff


def keep(found: dict[str, msgspec.Raw], records: list[msgspec.Raw]) -> None:
    """Adds records by their id, later ones over earlier ones."""
    for record in records:
        try:
            found[msgspec.json.decode(record, type=_Identified).id] = record
        except msgspec.MsgspecError:
            found[f"unidentified {len(found)}"] = record  # landing will quarantine it, with its reason
