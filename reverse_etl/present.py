"""Reads what destinations hold now, for the records that a plan would change.

In: a plan, a destination per system. Out: the same plan with old values as they are at this moment; or what has moved
since. What does not belong here: how a vendor is asked (`destinations/`), and what is done about what moved.

Records are read in the sizes that one request carries, several at once; the clients keep the vendors' pace. What is
created has nothing to read: that the destination lacks it was seen by the landing, and is looked up before it is sent.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from pipelines.transport.errors import VendorError
from reverse_etl.catalog import SYNCS, Sync
from reverse_etl.destinations.base import Destination, Present
from reverse_etl.outcome import reason_of
from reverse_etl.plan_items import FieldChange, Plan, PlanItem, SkippedRow, row_of

WORKERS = 8

Key = tuple[str, str]

Reading = Mapping[Key, "Present | str | None"]
"""What was read, by sync and key: the record, None where it is gone, or why it could not be read."""


def read_records(
    items: Iterable[PlanItem], destinations: Mapping[str, Destination], *, workers: int = WORKERS
) -> Reading:
    """Reads the records that items would change; items that create, or whose record is not known yet, are passed over.

    Args:
        items: Of any plan.
        destinations: By system.
        workers: Requests in flight.
    """
    due = [item for item in items if item.destination_id is not None and "destination_id" not in item.slots]
    found: dict[Key, Present | str | None] = {}
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="present") as pool:
        chunks = list(_chunks(due))
        for chunk, read in zip(chunks, pool.map(lambda each: _read(destinations, *each), chunks), strict=True):
            found |= {item.key: read if isinstance(read, str) else read.get(item.sync_key) for item in chunk[1]}
    return found


def read_present(plan: Plan, destinations: Mapping[str, Destination], *, workers: int = WORKERS) -> Plan:
    """Returns the plan with the destinations' present values as old values.

    A record that moved since it was landed is not planned from a state that has passed: it stands among the waiting
    ones with what moved, and the next plan, which lands it first, has it. So does one that cannot be read.
    """
    reading = read_records(plan.everything, destinations, workers=workers)
    items, waiting = [], list(plan.waiting)
    for item in plan.items:
        now = reading.get(item.key, _UNREAD)
        if now is _UNREAD:
            items.append(item)
        elif (moved := _moved_since_landing(item, now)) is not None:
            waiting.append(SkippedRow(item.sync_name, row_of(item), f"while the plan was made: {moved}"))
        else:
            items.append(_seen(item, now))
    follow_ups = tuple(_seen(item, reading.get(item.key)) for item in plan.follow_ups)
    return replace(plan, items=tuple(items), follow_ups=follow_ups, waiting=tuple(waiting))


def moved_since(item: PlanItem, now: Present | str | None) -> str | None:
    """Says what moved at the destination since an item was planned, or why that cannot be told; None where nothing."""
    if not isinstance(now, Present):
        return _unread(now)
    old = {change.field: change.old for change in item.changes}
    return _differences(old, now.values, operator.eq) or _differences(item.watched or {}, now.watched, operator.eq)


_UNREAD: Any = object()


def _chunks(items: Sequence[PlanItem]) -> Iterator[tuple[Sync, list[PlanItem]]]:
    for sync in SYNCS:
        mine = [item for item in items if item.sync_name == sync.name]
        for start in range(0, len(mine), sync.batch_size):
            yield sync, mine[start : start + sync.batch_size]


def _read(destinations: Mapping[str, Destination], sync: Sync, items: list[PlanItem]) -> dict[str, Present] | str:
    try:
        return destinations[sync.destination].present(sync, items)
    except VendorError as error:
        return reason_of(error)


def _seen(item: PlanItem, now: Present | str | None) -> PlanItem:
    if not isinstance(now, Present):
        return item
    changes = tuple(FieldChange(one.field, now.values.get(one.field), one.new) for one in item.changes)
    return replace(item, changes=changes, watched=dict(now.watched))


def _moved_since_landing(item: PlanItem, now: Present | str | None) -> str | None:
    """Compares what was landed, in the words of the models, with what is read now, in the vendor's."""
    if not isinstance(now, Present):
        return _unread(now)
    if item.expected_version is not None:
        return None if now.version == item.expected_version else f"it is at {now.version}, was {item.expected_version}"
    return _differences({change.field: change.old for change in item.changes}, now.values, _means_the_same)


def _unread(now: str | None) -> str:
    return "the destination does not have it any more" if now is None else f"it could not be read again: {now}"


def _differences(old: Mapping[str, Any], now: Mapping[str, Any], same: Callable[[Any, Any], bool]) -> str | None:
    """Returns `field is B, was A` for each field that differs; None where none does."""
    told = [
        f"{name} is {now.get(name)!r}, was {value!r}" for name, value in old.items() if not same(value, now.get(name))
    ]
    return "; ".join(told) or None


def _means_the_same(landed: Any, read: Any) -> bool:
    """Whether a landed value is what a vendor's record shows: nothing is nothing, however it is written."""
    return landed == read or (landed in (None, "", False) and read in (None, "", False))
