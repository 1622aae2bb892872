"""Decides what of what is due may be sent now, and by whose word.

In: what is due at this moment, a saved plan with the approvals that count, what the log knows. Out: a `Release`: the
items to send, each with the approval it goes by, and beside it what is refused and why. Pure.
What does not belong here: reading (`due.py`, `present.py`), sending (`apply.py`), keeping approvals (`plan_store.py`).

What was approved is what is sent: an item is released only if what is due now equals it, byte for byte. What moved at
the source since shows as another payload, or as a row that is not due any more; either is refused by name, and with it
everything else of the same order. What follows from other items is released once their numbers are known and the sync
models make the very same write due.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pipelines.transport.ibans import mask_ibans
from reverse_etl.catalog import BY_NAME, NEEDS_APPROVAL_FIELDS
from reverse_etl.due import SyncRow
from reverse_etl.log_state import LogState
from reverse_etl.plan import plan_of_items
from reverse_etl.plan_items import FROM_SYNCS, Plan, PlanItem
from reverse_etl.plan_store import Approval, SavedPlan
from reverse_etl.slots import Returned, filled, missing, returned_by

AUTO_APPLY = "auto_apply"
"""The word that an item goes by where the settings let its sync go without an approval."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Release:
    """What may be sent now."""

    items: tuple[PlanItem, ...] = ()
    words: Mapping[Key, str] = field(default_factory=dict)
    """By item: the id of the approval it goes by, or `AUTO_APPLY`."""
    refused: tuple[tuple[PlanItem, str], ...] = ()
    """Approved, but moved since; with what moved."""
    unapproved: tuple[PlanItem, ...] = ()
    """Nobody has approved them, and the settings do not apply them by themselves."""
    waiting: tuple[tuple[PlanItem, str], ...] = ()
    """They follow from something that is not done yet."""
    done: int = 0
    """Delivered before."""

    def without(self, refused: Mapping[Key, str]) -> Release:
        """Returns the release less what a second look has refused, and less the rest of those orders."""
        barred = {item.order_id for item in self.items if item.key in refused and item.order_id is not None}
        kept, more = [], list(self.refused)
        for item in self.items:
            if (why := refused.get(item.key)) is not None:
                more.append((item, mask_ibans(why)))
            elif item.order_id in barred:
                more.append((item, _sibling(item)))
            else:
                kept.append(item)
        return Release(tuple(kept), self.words, tuple(more), self.unapproved, self.waiting, self.done)


class Gate(Protocol):
    """Says, round by round, what of what is due may go."""

    def release(self, due: Plan, log_state: LogState) -> Release:
        """Returns what may be sent of what is due now."""


@dataclass(frozen=True)
class AutoGate:
    """Lets go what the settings apply by themselves."""

    auto_apply: Set[str] | None
    """Names of syncs; None means all of them."""

    def release(self, due: Plan, log_state: LogState) -> Release:
        """Returns the items of those syncs; what always needs an approval stays."""
        items = tuple(item for item in due.items if may_go_alone(item, self.auto_apply))
        released = {item.key for item in items}
        unapproved = tuple(item for item in due.items if item.key not in released)
        return Release(items, dict.fromkeys(released, AUTO_APPLY), unapproved=unapproved)


@dataclass(frozen=True)
class PlanGate:
    """Lets go what a saved plan holds, as far as it is approved or applied without approval."""

    saved: SavedPlan
    approvals: Sequence[Approval]
    """Those that count now (`PlanStore.valid`)."""
    auto_apply: Set[str] | None
    record: str | None = None
    """Only what belongs to this record, such as `order:210`."""
    needs: Set[Key] = frozenset()
    """What that record shares with others and still needs, by sync and key."""

    def release(self, due: Plan, log_state: LogState) -> Release:
        """Returns the items of the plan that are still due exactly as they were approved."""
        sorting = _Sorting(self.saved.plan_id, log_state, self._due(due, log_state))
        early = {item.key for item in self.saved.plan.items}
        for item in self.saved.plan.everything:
            if self.record is None or item.key in self.needs or belongs_to(item, self.record):
                sorting.take(item, self._word(item), may_wait=item.key not in early)
        return sorting.release()

    def _due(self, due: Plan, log_state: LogState) -> Plan:
        if self.saved.plan.origin == FROM_SYNCS:
            return due
        # Nothing but the plan itself makes these due; the log still says which of them may be sent.
        return plan_of_items(self.saved.plan.items, log_state, origin=self.saved.plan.origin)

    def _word(self, item: PlanItem) -> str | None:
        for one in self.approvals:
            if one.covers(item.sync_name):
                return one.approval_id
        return AUTO_APPLY if may_go_alone(item, self.auto_apply) else None


@dataclass
class _Sorting:
    plan_id: str
    log_state: LogState
    due: Plan
    words: dict[Key, str] = field(default_factory=dict)
    items: list[PlanItem] = field(default_factory=list)
    refused: list[tuple[PlanItem, str]] = field(default_factory=list)
    unapproved: list[PlanItem] = field(default_factory=list)
    waiting: list[tuple[PlanItem, str]] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        self.by_key = {item.key: item for item in self.due.items}
        self.aside = {(one.sync_name, one.row.sync_key): one.reason for one in self.due.held}
        self.aside |= {(one.sync_name, one.row.sync_key): one.reason for one in self.due.waiting + self.due.rejected}
        every = (one for many in self.log_state.deliveries.values() for one in many)
        self.returned: Returned = returned_by(every, self.plan_id)

    def take(self, planned: PlanItem, word: str | None, *, may_wait: bool) -> None:
        if absent := missing(planned, self.returned):
            if word is None:
                self.unapproved.append(planned)
            else:
                self.waiting.append((planned, f"waits for {', '.join(absent)}"))
            return
        item = filled(planned, self.returned)
        now = self.by_key.get(item.key)
        if now is None and self._is_done(item):
            self.done += 1
        elif word is None:
            self.unapproved.append(item)
        elif now is not None:
            if moved := what_moved(item, now):
                self.refused.append((item, moved))
            else:
                # The version goes into a header, not into the content: that of the record as it was landed just now.
                self.items.append(replace(item, expected_version=now.expected_version))
                self.words[item.key] = word
        elif (reason := self.aside.get(item.key)) is not None:
            history = self.log_state.history(*item.key)
            # What this very plan's own delivery came to has been told as its outcome.
            is_own = bool(history) and history[-1].plan_id == self.plan_id
            (self.waiting if is_own else self.refused).append((item, reason))
        elif may_wait:
            self.waiting.append((item, "is not due yet"))
        else:
            self.refused.append((item, "it is not due any more: its record changed, is held, or is there already"))

    def _is_done(self, item: PlanItem) -> bool:
        return any(
            past.status == "delivered" and past.operation == item.operation and past.payload_hash == item.payload_hash
            for past in self.log_state.history(*item.key)
        )

    def release(self) -> Release:
        """Returns the release, less whatever belongs to an order of which something moved."""
        barred = {item.order_id for item, _ in self.refused if item.order_id is not None}
        refused = list(self.refused)
        refused += [(one, _sibling(one)) for one in self.items if one.order_id in barred]
        refused += [(one, _sibling(one)) for one, _ in self.waiting if one.order_id in barred]
        return Release(
            items=tuple(one for one in self.items if one.order_id not in barred),
            words=self.words,
            refused=tuple((one, mask_ibans(reason)) for one, reason in refused),
            unapproved=tuple(self.unapproved),
            waiting=tuple((one, why) for one, why in self.waiting if one.order_id not in barred),
            done=self.done,
        )


def may_go_alone(item: PlanItem, auto_apply: Set[str] | None) -> bool:
    """Whether the settings let an item go without an approval; nothing that says where money goes ever does."""
    sync = BY_NAME[item.sync_name]
    if sync.always_needs_approval or sync.moves_money or _names_an_account(item.fields):
        return False
    return auto_apply is None or item.sync_name in auto_apply


def belongs_to(item: PlanItem | SyncRow, record: str) -> bool:
    """Whether something is about a record: an order by its id, else by the key or the beginning of it."""
    kind, _, record_id = record.partition(":")
    if kind == "order" and item.order_id is not None:
        return str(item.order_id) == record_id
    return item.sync_key == record or item.sync_key.startswith(f"{record}:")


def what_moved(approved: PlanItem, now: PlanItem) -> str:
    """Returns how what is due now differs from what was approved; empty where it is the same, byte for byte."""
    told = [
        f"{name} is {getattr(now, name)} now, approved was {getattr(approved, name)}"
        for name in _BESIDE_THE_PAYLOAD
        if getattr(approved, name) != getattr(now, name)
    ]
    if approved.payload != now.payload:
        was, fields = approved.fields, now.fields
        told += [
            f"{name} is {_text(fields.get(name))} now, approved was {_text(was.get(name))}"
            for name in sorted(was.keys() | fields.keys())
            if was.get(name) != fields.get(name) or (name in was) != (name in fields)
        ]
    return mask_ibans("; ".join(told))


_BESIDE_THE_PAYLOAD = (
    "operation",
    "destination_id",
    "amount",
    "currency_code",
    "beneficiary",
    "order_id",
)


def _sibling(item: PlanItem) -> str:
    return f"something else of order {item.order_id} moved"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names_an_account(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name in NEEDS_APPROVAL_FIELDS or _names_an_account(each) for name, each in value.items())
    return isinstance(value, list) and any(_names_an_account(each) for each in value)
