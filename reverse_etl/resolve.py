"""Looks up what has no known outcome: a crash, a time-out, a lost connection left it open.

In: a destination per system, the delivery log. Out: `ResolveResult`; the log says delivered, or pending again.
What does not belong here: how a vendor is asked (`destinations/`).

Found is proof at any time. Not found is proof only once the vendor has had time to finish what it may still be
working on, so a delivery younger than `SETTLE_SECONDS` is given the rest of them and asked for once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.raw_table import Answer
from pipelines.transport.errors import VendorError
from reverse_etl.catalog import BY_NAME, SYNCS, Sync
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.destinations.base import Destination
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, reason_of, stops_the_system

Sleep = Callable[[float], None]

SETTLE_SECONDS = 5.0
"""How long a vendor may go on working on a request whose sender has gone."""


@dataclass
class ResolveResult:
    """What the look-ups found."""

    delivered: int = 0
    pending: int = 0
    """They did not happen, and may be planned again."""
    unknown: int = 0
    """They could not be looked up now."""
    failures: dict[str, str] = field(default_factory=dict)
    """By system: why it could not be asked."""
    unread: dict[str, str] = field(default_factory=dict)
    """By sync: why this look-up alone failed."""
    answers: list[Answer] = field(default_factory=list)
    touched: frozenset[str] = frozenset()


def resolve(
    destinations: Mapping[str, Destination],
    log: DeliveryLog,
    *,
    now: Callable[[], datetime],
    sleep: Sleep | None = None,
) -> ResolveResult:
    """Looks up every unresolved delivery, in the catalog's order.

    Args:
        destinations: By system.
        log: Where they stand, and where what is found is noted.
        now: The present instant, aware.
        sleep: Waits for the given seconds; a test's own, or the real one.
    """
    result = ResolveResult()
    waiting = [one for one in log.unresolved() if one.sync_name in BY_NAME]
    found = _ask(destinations, waiting, result)
    young = [one for one in waiting if one.delivery_id not in found and _failure(one, result) is None]
    if young and (rest := _time_to_settle(young, now())) > 0:
        (sleep or time.sleep)(rest)
        found |= _ask(destinations, young, result)
    outcomes = [(one, _outcome(one, found, result)) for one in waiting]
    log.finish(outcomes, at=now())
    for one, outcome in outcomes:
        result.answers.extend(outcome.answers)
        if outcome.status == "delivered":
            result.delivered += 1
            result.touched |= frozenset(BY_NAME[one.sync_name].touches)
        elif outcome.status == "pending":
            result.pending += 1
        else:
            result.unknown += 1
    return result


def _ask(
    destinations: Mapping[str, Destination], waiting: Sequence[Delivery], result: ResolveResult
) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for sync in SYNCS:
        mine = [one for one in waiting if one.sync_name == sync.name]
        if mine and sync.destination not in result.failures:
            found |= _ask_one(destinations[sync.destination], sync, mine, result)
    return found


def _ask_one(
    destination: Destination, sync: Sync, mine: Sequence[Delivery], result: ResolveResult
) -> dict[str, Outcome]:
    try:
        return destination.look_up(sync, mine)
    except VendorError as error:
        if stops_the_system(error):
            result.failures[sync.destination] = reason_of(error)
        else:
            result.unread[sync.name] = reason_of(error)
        return {}


def _time_to_settle(young: Sequence[Delivery], at: datetime) -> float:
    latest = max(one.intended_at for one in young)
    return (latest + timedelta(seconds=SETTLE_SECONDS) - at).total_seconds()


def _failure(one: Delivery, result: ResolveResult) -> str | None:
    return result.failures.get(one.destination) or result.unread.get(one.sync_name)


def _outcome(one: Delivery, found: Mapping[str, Outcome], result: ResolveResult) -> Outcome:
    if (outcome := found.get(one.delivery_id)) is not None:
        return outcome
    if (failure := _failure(one, result)) is not None:
        return Outcome("unknown", f"could not be looked up: {failure}")
    return Outcome("pending", "looked up: it did not happen")
