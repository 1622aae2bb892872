"""Makes a plan: a hashed, field-level list of old → new. Pure: the same rows and log give the same plan.

In: the rows that are due and what the delivery log knows. Out: `Plan`: what to send, in the catalog's order, and
beside it what is not sent and why. What does not belong here: sending (`apply.py`), reading (`due.py`), the clock.

A plan need not come from the sync models. A command that knows by itself what is to be written (`baseline`, `undo`)
makes its own items and takes the same road:

    sync = BY_NAME["sync_atlas_etrm__order_erp_codes"]
    row = SyncRow("order:7", "update", "order 7", 7, "7", None, None, None, '{"erpCode":"X"}', '{"erpCode":null}')
    plan = plan_of_items([item_of(sync, row)], log.state(), origin="baseline")
    plan = read_present(plan, destinations_of(clients))       # old values as they are now (`present.py`)
    PlanStore(store).save(plan, run_id=None, made_by=identity, at=now())

`tieout approve` and `tieout apply` then treat it like any other: what was saved is what is approved, the destination
is read again before anything is sent, the delivery log decides what may be sent. The one difference: items of another
origin than `FROM_SYNCS` are not compared with what the sync models hold due, because nothing there makes them due.
A kind of write that no sync model has gets an entry in the catalog with `has_model=False`.

The delivery log decides only whether something *may* be sent again, never what the world looks like:
- an intent without an outcome is unknown: it waits until it has been looked up;
- what was refused with the very same payload is not sent again until the payload changes;
- a delivered create that the destination lacks again was taken away by somebody: held, never made twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from reverse_etl.catalog import BY_NAME, SYNCS, Sync
from reverse_etl.due import SyncRow, read_due
from reverse_etl.log_state import Delivery, LogState
from reverse_etl.plan_items import FROM_SYNCS, FieldChange, HeldRow, Plan, PlanItem, SkippedRow, canonical, row_of

__all__ = [
    "FROM_SYNCS",
    "FieldChange",
    "HeldRow",
    "Plan",
    "PlanItem",
    "SkippedRow",
    "SyncRow",
    "item_of",
    "make_plan",
    "plan_of_items",
    "read_due",
]


@dataclass
class _Draft:
    items: list[PlanItem] = field(default_factory=list)
    held: list[HeldRow] = field(default_factory=list)
    waiting: list[SkippedRow] = field(default_factory=list)
    rejected: list[SkippedRow] = field(default_factory=list)

    def sort(self, item: PlanItem, row: SyncRow, log_state: LogState) -> None:
        if (word := log_state.held_by_person(item.sync_key, item.order_id)) and not BY_NAME[item.sync_name].undoes:
            self.held.append(HeldRow(item.sync_name, row, word, False, None))
            return
        verdict, reason, about = _verdict(item, log_state)
        if verdict == "send":
            self.items.append(item)
        elif verdict == "hold":
            is_new = about.status != "held" if about is not None else True
            self.held.append(HeldRow(item.sync_name, row, reason, is_new, about.delivery_id if about else None))
        else:
            skipped = self.waiting if verdict == "wait" else self.rejected
            skipped.append(SkippedRow(item.sync_name, row, reason))

    def plan(self, origin: str = FROM_SYNCS) -> Plan:
        return Plan(tuple(self.items), tuple(self.held), tuple(self.waiting), tuple(self.rejected), origin)


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
    return draft.plan()


def plan_of_items(items: Iterable[PlanItem], log_state: LogState, *, origin: str) -> Plan:
    """Returns a plan of items that a command made itself, by the same rules and in the catalog's order.

    Raises:
        ValueError: an item of a sync or an operation that the catalog lacks, a key twice in one sync, or a payload
            that is no JSON object in canonical form with money as text.
    """
    draft, seen = _Draft(), set()
    places = {sync.name: place for place, sync in enumerate(SYNCS)}
    given = list(items)
    for item in given:
        if item.sync_name not in BY_NAME or item.operation not in BY_NAME[item.sync_name].operations:
            raise ValueError(f"the catalog has no {item.operation!r} in {item.sync_name!r} ({item.sync_key})")
        if item.key in seen:
            raise ValueError(f"{item.sync_name} has the key {item.sync_key!r} twice")
        seen.add(item.key)
        if item.payload != canonical(_object(item.payload, f"{item.sync_name} {item.sync_key}")):
            raise ValueError(f"{item.sync_name} {item.sync_key}: the payload is not in canonical form")
    for item in sorted(given, key=lambda item: (places[item.sync_name], item.sync_key)):
        if item.changes and item.sync_name not in log_state.blocked:
            draft.sort(item, row_of(item), log_state)
    return draft.plan(origin)


def _plan_sync(sync: Sync, rows: Sequence[SyncRow], log_state: LogState, draft: _Draft) -> None:
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: row.sync_key):
        if row.sync_key in seen:
            raise ValueError(f"{sync.name} has the key {row.sync_key!r} twice")
        seen.add(row.sync_key)
        if row.operation not in sync.operations:
            raise ValueError(f"{sync.name} cannot {row.operation!r} ({row.sync_key})")
        item = item_of(sync, row)
        if item.changes:
            # Else both sides are equal as written: nothing is due.
            draft.sort(item, row, log_state)


Verdict = Literal["send", "wait", "hold", "skip"]


def _verdict(item: PlanItem, log_state: LogState) -> tuple[Verdict, str, Delivery | None]:
    """Says what may happen to an item, why, and which delivery that is about."""
    history = log_state.history(item.sync_name, item.sync_key)
    for past in history:
        if past.is_unresolved:
            return "wait", "its last delivery has no known outcome", past
    if (item.destination, item.destination_id, item.order_id) in log_state.doubtful:
        return "hold", "its record shows something else than what was sent to it; a person must look", None
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


def item_of(sync: Sync, row: SyncRow, *, slots: tuple[str, ...] = ()) -> PlanItem:
    """Returns what a row would write; an update holds only what differs. `slots`: the places that hold one.

    Raises:
        ValueError: the payload is no JSON object, or holds a number with a fraction (money is text).
    """
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
        payload=canonical(payload),
        changes=changes,
        beneficiary=row.beneficiary,
        slots=slots,
    )


def _object(text: str, where: str) -> dict[str, Any]:
    def refuse(number: str) -> Any:
        raise ValueError(f"{where}: {number} is a number with a fraction; money is written as text")

    value = json.loads(text, parse_float=refuse, parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError(f"{where}: a payload is a JSON object")  # noqa: TRY004 -- a value of the data, not a type
    return value
