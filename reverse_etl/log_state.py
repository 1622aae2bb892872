"""What the delivery log knows about past deliveries, as plain values for the planner.

In: rows of the operations store. Out: `Delivery` and `LogState`.
What does not belong here: writing to the log (`delivery_log.py`), deciding (`plan.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

UNRESOLVED = frozenset({"sent", "unknown"})
"""States in which the vendor may or may not have acted: `sent` is an intent whose outcome was never written."""


@dataclass(frozen=True)
class Delivery:
    """One delivery in its latest state. `pending → sent → delivered | rejected | held | unknown | pending`."""

    delivery_id: str
    sync_name: str
    sync_key: str
    operation: str
    destination: str
    delivery_key: str
    payload_hash: str
    payload: str
    record_label: str
    order_id: int | None
    target_id: str | None
    """The record it changes; None for a create."""
    expected_version: str | None
    amount: Decimal | None
    currency_code: str | None
    attempt: int
    vendor_clock: str | None
    """The vendor's own newest creation time before the intent, where the destination asked for it: a look-up need
    not go further back, however far our clock and the vendor's are apart."""
    status: str
    reason: str | None
    destination_id: str | None
    destination_number: str | None
    plan_id: str | None
    intended_at: datetime
    finished_at: str | None
    was_delivered: bool

    @property
    def is_unresolved(self) -> bool:
        """Whether its effect is unknown."""
        return self.status in UNRESOLVED

    @property
    def idempotency_key(self) -> str:
        """The key to send with it: of record, content and version, and of the attempt, because a new attempt is
        made only after a definitive answer, which the old key would replay. 47 characters (Atlar: up to 64).
        """
        return f"tieout-{hashlib.sha256(self.delivery_id.encode()).hexdigest()[:40]}"


@dataclass(frozen=True)
class LogState:
    """The log at one moment."""

    deliveries: Mapping[tuple[str, str], tuple[Delivery, ...]] = field(default_factory=dict)
    """By sync and key, oldest first."""
    blocked: frozenset[str] = frozenset()
    """Syncs that this run has found closed (their endpoint is missing)."""
    delivered_now: frozenset[str] = frozenset()
    """Ids of what this very run has delivered."""
    person_holds: Mapping[str, str] = field(default_factory=dict)
    """Why a person holds a record, by record (`order:210`, or a sync's key)."""

    @cached_property
    def doubtful(self) -> frozenset[tuple[str, str | None, int | None]]:
        """Records (destination, id, order) that show something else than what was sent to them."""
        every = (one for many in self.deliveries.values() for one in many)
        return frozenset(
            (one.destination, one.destination_id, one.order_id)
            for one in every
            if one.status == "held" and one.was_delivered and one.destination_id is not None
        )

    def held_by_person(self, sync_key: str, order_id: int | None) -> str | None:
        """Returns why a person holds a row's record, or None."""
        by_order = None if order_id is None else self.person_holds.get(f"order:{order_id}")
        return by_order or self.person_holds.get(sync_key)

    def history(self, sync_name: str, sync_key: str) -> tuple[Delivery, ...]:
        """Returns a record's deliveries in one sync, oldest first."""
        return self.deliveries.get((sync_name, sync_key), ())


def delivery_of(row: Mapping[str, Any]) -> Delivery:
    """Returns a row of the table `deliveries` as a value."""
    kept = {name: row[name] for name in Delivery.__dataclass_fields__}
    kept["amount"] = None if row["amount"] is None else Decimal(row["amount"])
    kept["intended_at"] = datetime.fromisoformat(row["intended_at"])
    kept["was_delivered"] = bool(row["was_delivered"])
    return Delivery(**kept)


def group(deliveries: Iterable[Delivery]) -> dict[tuple[str, str], tuple[Delivery, ...]]:
    """Returns deliveries by sync and key, oldest first."""
    grouped: dict[tuple[str, str], list[Delivery]] = {}
    for one in sorted(deliveries, key=lambda one: (one.intended_at, one.attempt)):
        grouped.setdefault((one.sync_name, one.sync_key), []).append(one)
    return {key: tuple(many) for key, many in grouped.items()}
