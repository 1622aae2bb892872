"""Makes a plan: a hashed, field-level list of old → new. Pure: the same rows and log give the same plan.

In: the rows that are due and what the delivery log knows. Out: `Plan`: what to send, in the catalog's order, and
beside it what is not sent and why. What does not belong here: sending (`apply.py`), reading (`due.py`), the clock.

The delivery log decides only whether something *may* be sent again, never what the world looks like:
- an intent without an outcome is unknown: it waits until it has been looked up;
- what was refused with the very same payload is not sent again until the payload changes;
- a delivered create that the destination lacks again was taken away by somebody: held, never made twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from reverse_etl.catalog import SYNCS, Sync
from reverse_etl.due import SyncRow, read_due
from reverse_etl.log_state import Delivery, LogState

__all__ = ["FieldChange", "HeldRow", "Plan", "PlanItem", "SkippedRow", "SyncRow", "make_plan", "read_due"]


@dataclass(frozen=True)
class FieldChange:
    """One field of one record: what the destination has, and what it is to have. JSON values; None is absent."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class PlanItem:
    """One record to write."""

    sync_name: str
    sync_key: str
    operation: str
    destination: str
    record_label: str
    order_id: int | None
    destination_id: str | None
    expected_version: str | None
    amount: Decimal | None
    currency_code: str | None
    payload: str
    """Canonical JSON: what is approved, and what is sent, byte for byte."""
    changes: tuple[FieldChange, ...]

    @cached_property
    def payload_hash(self) -> str:
        """The content's SHA-256, in hex."""
        return _sha256(self.payload)

    @cached_property
    def delivery_key(self) -> str:
        """The same for the same record, content and version patched, for ever: 40 hex digits."""
        parts = (self.sync_name, self.sync_key, self.operation, self.destination_id or "")
        return _sha256("\x1f".join((*parts, self.expected_version or "", self.payload_hash)))[:40]

    @property
    def fields(self) -> dict[str, Any]:
        """The payload as an object; a fresh one each time."""
        fields: dict[str, Any] = json.loads(self.payload)
        return fields


@dataclass(frozen=True)
class HeldRow:
    """A row that is due but waits for a person."""

    sync_name: str
    row: SyncRow
    reason: str
    is_new: bool
    """The log does not yet say so."""
    delivery_id: str | None
    """The delivery that the hold is about."""


@dataclass(frozen=True)
class SkippedRow:
    """A row that is due but not sent in this plan."""

    sync_name: str
    row: SyncRow
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is to be sent, and what is not."""

    items: tuple[PlanItem, ...]
    held: tuple[HeldRow, ...] = ()
    waiting: tuple[SkippedRow, ...] = ()
    """Their effect is unknown; they are looked up first."""
    rejected: tuple[SkippedRow, ...] = ()
    """Refused before with the same payload."""

    def __bool__(self) -> bool:
        return bool(self.items)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over every item's record, version and content, in order."""
        listed = [
            [i.sync_name, i.sync_key, i.operation, i.destination_id, i.expected_version, i.payload] for i in self.items
        ]
        return _sha256(json.dumps(listed, separators=(",", ":"), ensure_ascii=False))

    @property
    def plan_id(self) -> str:
        """A short name for this very plan; another content has another name."""
        return f"plan-{self.hash[:16]}"


@dataclass
class _Draft:
    items: list[PlanItem] = field(default_factory=list)
    held: list[HeldRow] = field(default_factory=list)
    waiting: list[SkippedRow] = field(default_factory=list)
    rejected: list[SkippedRow] = field(default_factory=list)


def make_plan(
    rows_by_sync: Mapping[str, Sequence[SyncRow]], log_state: LogState, *, allowed: Set[str] | None = None
) -> Plan:
    """Returns the plan for the rows that are due.

    Args:
        rows_by_sync: The due rows by sync name (`read_due`); a sync that is missing has none.
        log_state: What the delivery log knows (`DeliveryLog.state`).
        allowed: The syncs to plan; None for all.

    Raises:
        ValueError: a sync name that the catalog lacks, a key twice in one sync, an operation the sync does not
            have, or a payload that is no JSON object or holds a number with a fraction (money is text).
    """
    if unknown := set(rows_by_sync) - {sync.name for sync in SYNCS}:
        raise ValueError(f"the catalog has no sync named {sorted(unknown)}")
    draft = _Draft()
    for sync in SYNCS:
        if (allowed is None or sync.name in allowed) and sync.name not in log_state.blocked:
            _plan_sync(sync, rows_by_sync.get(sync.name, ()), log_state, draft)
    return Plan(tuple(draft.items), tuple(draft.held), tuple(draft.waiting), tuple(draft.rejected))


def _plan_sync(sync: Sync, rows: Sequence[SyncRow], log_state: LogState, draft: _Draft) -> None:
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: row.sync_key):
        if row.sync_key in seen:
            raise ValueError(f"{sync.name} has the key {row.sync_key!r} twice")
        seen.add(row.sync_key)
        if row.operation not in sync.operations:
            raise ValueError(f"{sync.name} cannot {row.operation!r} ({row.sync_key})")
        item = _item(sync, row)
        if not item.changes:
            # As written, both sides are equal: nothing is due.
            continue
        verdict, reason, about = _verdict(item, log_state)
        if verdict == "send":
            draft.items.append(item)
        elif verdict == "hold":
            is_new = about.status != "held" if about is not None else True
            draft.held.append(HeldRow(sync.name, row, reason, is_new, about.delivery_id if about else None))
        else:
            skipped = draft.waiting if verdict == "wait" else draft.rejected
            skipped.append(SkippedRow(sync.name, row, reason))


Verdict = Literal["send", "wait", "hold", "skip"]


def _verdict(item: PlanItem, log_state: LogState) -> tuple[Verdict, str, Delivery | None]:
    """Says what may happen to an item, why, and which delivery that is about."""
    history = log_state.history(item.sync_name, item.sync_key)
    for past in history:
        if past.is_unresolved:
            return "wait", "its last delivery has no known outcome", past
    if item.operation == "create":
        for past in history:
            if past.operation == "create" and past.was_delivered:
                reason = f"delivered on {past.finished_at} as {past.destination_id}, but the destination lacks it now"
                return "hold", reason, past
    if history and (last := history[-1]).operation == item.operation and last.payload_hash == item.payload_hash:
        if last.status == "rejected":
            return "skip", last.reason or "refused", last
        if last.status == "held":
            return "hold", last.reason or "held", last
        if last.delivery_id in log_state.delivered_now:
            return "hold", "the destination took it, but does not show it", last
    return "send", "", None


def _item(sync: Sync, row: SyncRow) -> PlanItem:
    where = f"{sync.name} {row.sync_key}"
    payload = _object(row.payload, where)
    current = _object(row.current_values, where) if row.current_values else {}
    changes = tuple(
        FieldChange(name, current.get(name), value)
        for name, value in payload.items()
        if name not in current or current[name] != value
    )
    if row.operation == "update":
        # Only what differs is sent: what nobody meant to change cannot be overwritten.
        payload = {change.field: change.new for change in changes}
    return PlanItem(
        sync_name=sync.name,
        sync_key=row.sync_key,
        operation=row.operation,
        destination=sync.destination,
        record_label=row.record_label,
        order_id=row.order_id,
        destination_id=row.destination_id,
        expected_version=row.expected_version,
        amount=row.amount,
        currency_code=row.currency_code,
        payload=_canonical(payload),
        changes=changes,
    )


def _object(text: str, where: str) -> dict[str, Any]:
    def refuse(number: str) -> Any:
        raise ValueError(f"{where}: {number} is a number with a fraction; money is written as text")

    value = json.loads(text, parse_float=refuse, parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError(f"{where}: a payload is a JSON object")  # noqa: TRY004 -- a value of the data, not a type
    return value


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
