"""The delivery log: intent before act, outcome after, and what is unknown in between.

In: plan items about to be sent and their outcomes, with the time. Out: events in the operations store, and
`LogState` for the planner. What does not belong here: sending, planning.

An intent is committed as `sent` before its request leaves. If the process dies there, that row is what remains, and
it means *unknown*: it is looked up at the vendor before anything is sent again (DESIGN section 6.1). Several
intents or outcomes share one commit: a batch costs one sync to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.transport.ibans import mask_ibans
from reverse_etl import holds
from reverse_etl.catalog import BY_NAME
from reverse_etl.log_state import UNRESOLVED, Delivery, LogState, delivery_of, group
from reverse_etl.operations import Event, OperationsStore, instant_text
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.outcome import Outcome
from reverse_etl.plan import HeldRow, PlanItem


class DeliveryLog:
    """The log of one run over a store. One instance per run: it remembers what this run has met."""

    def __init__(self, store: OperationsStore) -> None:
        self._store = store
        self._delivered_now: set[str] = set()
        self._blocked: set[str] = set()

    def state(self) -> LogState:
        """Returns everything the planner must know."""
        every = [delivery_of(row) for row in self._store.rows(DELIVERIES)]
        held = {record: holds.told(row) for record, row in holds.in_effect(self._store).items()}
        return LogState(group(every), frozenset(self._blocked), frozenset(self._delivered_now), held)

    def unresolved(self) -> list[Delivery]:
        """Returns the deliveries whose effect is unknown, oldest first."""
        rows = [row for status in sorted(UNRESOLVED) for row in self._store.rows(DELIVERIES, status=status)]
        return sorted((delivery_of(row) for row in rows), key=lambda one: one.intended_at)

    def intend(
        self,
        items: Sequence[PlanItem],
        *,
        run_id: str,
        plan_id: str,
        at: datetime,
        vendor_clock: str | None = None,
        words: Mapping[tuple[str, str], str] | None = None,
    ) -> list[Delivery]:
        """Commits the intent to send items of one sync, all in one commit, and returns their deliveries in order.

        A delivery that is known to have had no effect is taken up again under its own id (and so under the same
        idempotency key); after a definitive answer a new attempt gets a new one. `words` are the approvals that the
        items go by, by sync and key.

        Raises:
            ValueError: an item's record has a delivery whose effect is unknown; it must be looked up first.
        """
        histories: dict[tuple[str, str], tuple[Delivery, ...]] = {}
        for sync_name in {item.sync_name for item in items}:
            keys = [item.sync_key for item in items if item.sync_name == sync_name]
            rows = self._store.rows(DELIVERIES, sync_name=sync_name, sync_key=keys)
            histories |= group(delivery_of(row) for row in rows)
        bodies = []
        for item in items:
            history = histories.get((item.sync_name, item.sync_key), ())
            if any(past.is_unresolved for past in history):
                raise ValueError(f"{item.sync_name} {item.sync_key} has a delivery without a known outcome")
            body = _intent(item, history, at)
            word = (words or {}).get(item.key)
            bodies.append(
                body | {"run_id": run_id, "plan_id": plan_id, "vendor_clock": vendor_clock, "approval_id": word}
            )
        self._store.append([Event("delivery", body["delivery_id"], at, body) for body in bodies])
        return [delivery_of(body) for body in bodies]

    def finish(self, outcomes: Iterable[tuple[Delivery, Outcome]], *, at: datetime) -> None:
        """Commits the outcomes of deliveries, all in one commit."""
        events = []
        for delivery, outcome in outcomes:
            events.append(Event("delivery", delivery.delivery_id, at, _result(delivery, outcome, at)))
            if outcome.status == "delivered":
                self._delivered_now.add(delivery.delivery_id)
        self._store.append(events)

    def hold(self, held: Iterable[HeldRow], *, at: datetime) -> None:
        """Notes the holds that the log does not show yet, so that they are seen in the warehouse."""
        events = [
            Event("delivery", row.delivery_id, at, {"status": "held", "reason": row.reason})
            for row in held
            if row.is_new and row.delivery_id is not None
        ]
        self._store.append(events)

    def dismiss(self, delivery_id: str, *, by: str, reason: str, at: datetime) -> None:
        """Lets a refused or held delivery be planned again, by a person's word.

        Raises:
            ValueError: there is no such delivery, or it is neither refused nor held.
        """
        rows = self._store.rows(DELIVERIES, delivery_id=delivery_id)
        if not rows or rows[0]["status"] not in ("rejected", "held"):
            raise ValueError(f"{delivery_id} is not a refused or held delivery")
        # A new attempt follows, not the old one under its old key: the vendor has answered that one.
        body = {"payload_hash": "", "was_delivered": 0, "reason": f"dismissed by {by}: {reason}"}
        self._store.append([Event("delivery", delivery_id, at, body)])

    def forget_undone(self, target_id: str, *, plan_id: str, at: datetime) -> int:
        """Lets a record be made again that was made once and taken back since by an undo; returns how many were."""
        rows = self._store.rows(DELIVERIES, destination_id=target_id, operation="create", was_delivered=1)
        body = {"was_delivered": 0, "payload_hash": "", "reason": f"undone by {plan_id}"}
        self._store.append([Event("delivery", row["delivery_id"], at, body) for row in rows])
        return len(rows)

    def block(self, sync_name: str, reason: str, *, run_id: str, at: datetime) -> None:
        """Closes a sync for the rest of this run and shows it as one finding, a held delivery with the key `*`."""
        self._blocked.add(sync_name)
        reason = mask_ibans(reason)
        if self._store.rows(DELIVERIES, delivery_id=finding_id(sync_name), status="held", reason=reason):
            return
        body: dict[str, Any] = dict.fromkeys(column.name for column in DELIVERIES.columns)
        body |= {
            "delivery_id": finding_id(sync_name),
            "run_id": run_id,
            "sync_name": sync_name,
            "sync_key": "*",
            "operation": BY_NAME[sync_name].operations[0],
            "destination": BY_NAME[sync_name].destination,
            "delivery_key": finding_id(sync_name),
            "payload_hash": "",
            "payload": "{}",
            "record_label": sync_name,
            "attempt": 1,
            "status": "held",
            "reason": reason,
            "intended_at": instant_text(at),
            "finished_at": instant_text(at),
            "was_delivered": 0,
        }
        self._store.append([Event("delivery", finding_id(sync_name), at, body)])

    def unblock(self, sync_name: str, *, at: datetime) -> None:
        """Closes a finding of an earlier run, once the sync delivers again; does nothing where there is none."""
        if self._store.rows(DELIVERIES, delivery_id=finding_id(sync_name), status="held"):
            body = {"status": "delivered", "reason": "the endpoint answers again", "finished_at": instant_text(at)}
            self._store.append([Event("delivery", finding_id(sync_name), at, body)])


def finding_id(sync_name: str) -> str:
    """Returns the id of the row that shows a sync's finding."""
    return f"finding:{sync_name}"


def _intent(item: PlanItem, history: Sequence[Delivery], at: datetime) -> dict[str, Any]:
    same = [past for past in history if past.delivery_key == item.delivery_key]
    resumed = bool(same) and same[-1].status == "pending"
    attempt = same[-1].attempt if resumed else len(same) + 1
    return {
        "delivery_id": f"{item.delivery_key}.{attempt}",
        "sync_name": item.sync_name,
        "sync_key": item.sync_key,
        "operation": item.operation,
        "destination": item.destination,
        "delivery_key": item.delivery_key,
        "payload_hash": item.payload_hash,
        "payload": item.payload,
        "record_label": item.record_label,
        "order_id": item.order_id,
        "target_id": item.destination_id,
        "expected_version": item.expected_version,
        "amount": None if item.amount is None else format(item.amount, "f"),
        "currency_code": item.currency_code,
        "beneficiary": item.beneficiary,
        "attempt": attempt,
        "status": "sent",
        "reason": None,
        "destination_id": item.destination_id,
        "destination_number": None,
        "request_id": None,
        "intended_at": instant_text(at),
        "finished_at": None,
        "was_delivered": 0,
    }


def _result(delivery: Delivery, outcome: Outcome, at: datetime) -> dict[str, Any]:
    done = outcome.status == "delivered" or outcome.had_effect
    return {
        "status": outcome.status,
        "reason": None if outcome.reason is None else mask_ibans(outcome.reason),
        "destination_id": outcome.destination_id or delivery.destination_id,
        "destination_number": outcome.destination_number,
        "request_id": outcome.request_id,
        "finished_at": None if outcome.status == "unknown" else instant_text(at),
        "was_delivered": int(done or delivery.was_delivered),
    }
