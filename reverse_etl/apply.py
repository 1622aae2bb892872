"""Sends a plan: intent before act, outcome after, one record's failure never another's.

In: a plan, one client per vendor, the run's delivery log. Out: `ApplyResult`: what came of it, the vendors' answers
to be landed, and the raw tables to read again. What does not belong here: a vendor's rules (`destinations/`),
deciding what is sent (`plan.py`), landing.

Syncs go in the catalog's order, one after the other, since one prepares the next; within a sync up to `workers`
batches are in flight, and a record's own deliveries stay in order. This thread alone writes the log: it commits the
intents of a group before any of them is handed to a worker, and the outcomes of all that finished meanwhile.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipelines.raw_table import Answer
from pipelines.transport.errors import PermissionRefused, VendorError
from reverse_etl.catalog import SYNCS, Sync
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.destinations.atlar import AtlarCalls, AtlarDestination
from reverse_etl.destinations.atlas_accounting import AtlasAccountingCalls, AtlasAccountingDestination
from reverse_etl.destinations.atlas_etrm import AtlasEtrmCalls, AtlasEtrmDestination
from reverse_etl.destinations.base import Destination
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, reason_of, stops_the_system
from reverse_etl.plan import Plan, PlanItem
from reverse_etl.read_back import verified
from reverse_etl.resolve import ResolveResult, Sleep, resolve

_SHARED_COMMIT_SECONDS = 0.02

Progress = Callable[[str], None]
"""Called once for each record that was dealt with; the argument names it."""


class Clients(Protocol):
    """One client per vendor."""

    @property
    def atlas_etrm(self) -> AtlasEtrmCalls: ...  # noqa: D102
    @property
    def atlas_accounting(self) -> AtlasAccountingCalls: ...  # noqa: D102
    @property
    def atlar(self) -> AtlarCalls: ...  # noqa: D102


@dataclass
class ApplyResult:
    """What came of a plan."""

    sent: int = 0
    """Delivered: the destination has it."""
    rejected: int = 0
    unknown: int = 0
    held: int = 0
    pending: int = 0
    """Without effect, and to be planned again: moved, or the vendor could not be reached."""
    moved: int = 0
    """Of the pending ones: the destination's record had changed since the plan."""
    sent_by_sync: Counter[str] = field(default_factory=Counter)
    rejections: list[str] = field(default_factory=list)
    """One line each: the record and the vendor's reason."""
    findings: list[str] = field(default_factory=list)
    """One line each: an endpoint that a whole sync lacks."""
    failures: dict[str, str] = field(default_factory=dict)
    """By system: why it could not be written to; the rest of what was planned for it was not sent."""
    answers: list[Answer] = field(default_factory=list)
    touched: frozenset[str] = frozenset()
    """Raw tables (`system.table`) to read again."""


def destinations_of(clients: Clients) -> dict[str, Destination]:
    """Returns a destination per system."""
    return {
        "atlas_etrm": AtlasEtrmDestination(clients.atlas_etrm),
        "atlas_accounting": AtlasAccountingDestination(clients.atlas_accounting),
        "atlar": AtlarDestination(clients.atlar),
    }


def apply_plan(
    plan: Plan,
    clients: Clients,
    log: DeliveryLog,
    *,
    run_id: str,
    now: Callable[[], datetime],
    progress: Progress | None = None,
    workers: int = 16,
    plan_id: str | None = None,
    words: Mapping[tuple[str, str], str] | None = None,
) -> ApplyResult:
    """Sends every item of a plan and notes what came of it.

    Args:
        plan: What to send; its holds are noted in the log as well.
        clients: One per vendor.
        log: The run's delivery log; nothing in the plan may have an unknown outcome (`make_plan` sees to that).
        run_id: The run to note.
        now: The present instant, aware.
        progress: Called once per record.
        workers: Requests in flight per sync.
        plan_id: The saved plan that the items are part of; the plan's own id where it is sent whole.
        words: The approval each item goes by, by sync and key.

    Returns:
        The result. A vendor's error is an outcome, never an exception; a defect in a destination is raised, after
        what finished was noted.
    """
    result = ApplyResult()
    log.hold(plan.held, at=now())
    by_sync: dict[str, list[PlanItem]] = {}
    for item in plan.items:
        by_sync.setdefault(item.sync_name, []).append(item)
    destinations, name = destinations_of(clients), plan_id or plan.plan_id
    for sync in SYNCS:
        if (items := by_sync.get(sync.name)) and sync.destination not in result.failures:
            sending = _Sending(
                sync, destinations[sync.destination], log, run_id, name, words or {}, now, progress, workers, result
            )
            sending.run(items)
    return result


def resolve_unknown(
    clients: Clients,
    log: DeliveryLog,
    *,
    run_id: str,
    now: Callable[[], datetime],
    sleep: Sleep | None = None,
) -> ResolveResult:
    """Looks up every delivery without a known outcome; call it first on every run (DESIGN section 6.1).

    Returns:
        What was found. What could not be looked up stays unknown, and is not planned.
    """
    return resolve(destinations_of(clients), log, now=now, sleep=sleep)


@dataclass
class _Sending:
    """One sync of one plan on its way."""

    sync: Sync
    destination: Destination
    log: DeliveryLog
    run_id: str
    plan_id: str
    words: Mapping[tuple[str, str], str]
    now: Callable[[], datetime]
    progress: Progress | None
    workers: int
    result: ApplyResult
    queue: deque[list[PlanItem]] = field(default_factory=deque)
    running: dict[Future[list[Outcome]], list[Delivery]] = field(default_factory=dict)
    defect: Exception | None = None

    def run(self, items: Sequence[PlanItem]) -> None:
        """Sends the items; returns when all of them have an outcome."""
        try:
            vendor_clock = self.destination.prepare(self.sync, items)
        except VendorError as error:
            self._leave(items, error)
            return
        self.queue.extend(_batches(self.sync, items))
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="apply") as pool:
            while self.queue or self.running:
                self._fill(pool, vendor_clock)
                self._collect()
        if self.result.sent_by_sync[self.sync.name]:
            self.result.touched |= frozenset(self.sync.touches)
            self.log.unblock(self.sync.name, at=self.now())
        if self.defect is not None:
            raise self.defect

    def _leave(self, items: Sequence[PlanItem], error: VendorError) -> None:
        """Sends nothing of a sync that could not be prepared; the others go on, unless nothing can be asked at all."""
        self.result.pending += len(items)
        if stops_the_system(error):
            self.result.failures[self.sync.destination] = str(error)
            return
        finding = (
            f"{self.sync.name}: {reason_of(error)}; {len(items):,} records of it wait, {items[0].record_label} the"
            " first of them: nothing of them was sent, and the next run asks again"
        )
        self.result.findings.append(finding)
        self.log.block(self.sync.name, finding, run_id=self.run_id, at=self.now())

    def _fill(self, pool: ThreadPoolExecutor, vendor_clock: str | None) -> None:
        """Keeps more batches submitted than there are workers, so that none waits for a commit."""
        if not self.queue or len(self.running) > 2 * self.workers:
            return
        batches = [self.queue.popleft() for _ in range(min(len(self.queue), 3 * self.workers - len(self.running)))]
        deliveries = self.log.intend(
            [item for batch in batches for item in batch],
            run_id=self.run_id,
            plan_id=self.plan_id,
            at=self.now(),
            vendor_clock=vendor_clock,
            words=self.words,
        )
        intended = iter(deliveries)
        for batch in batches:
            mine = [next(intended) for _ in batch]
            self.running[pool.submit(self.destination.deliver, self.sync, mine)] = mine

    def _collect(self) -> None:
        wait(self.running, return_when=FIRST_COMPLETED)
        # A commit waits for the disk: what finishes within a moment shares it. All done is no reason to wait.
        finished, _ = wait(self.running, timeout=_SHARED_COMMIT_SECONDS)
        outcomes: list[tuple[Delivery, Outcome]] = []
        for future in finished:
            outcomes += self._outcomes(self.running.pop(future), future)
        self.log.finish(outcomes, at=self.now())
        for delivery, outcome in outcomes:
            self._count(delivery, outcome)
        barred = next((outcome.barred for _, outcome in outcomes if outcome.barred is not None), None)
        if barred is not None or self.defect is not None:
            self._stop(barred)

    def _outcomes(
        self, deliveries: list[Delivery], future: Future[list[Outcome]]
    ) -> Iterator[tuple[Delivery, Outcome]]:
        if future.cancelled():
            yield from ((one, Outcome("pending", "not sent")) for one in deliveries)
            return
        error = future.exception()
        if error is None:
            yield from ((one, verified(one, outcome)) for one, outcome in zip(deliveries, future.result(), strict=True))
        elif isinstance(error, Exception):
            # A defect of ours, possibly after the request had left: nothing may be assumed about its effect.
            self.defect = error
            yield from ((one, Outcome("unknown", f"{type(error).__name__} while sending")) for one in deliveries)
        else:
            raise error

    def _stop(self, barred: VendorError | None) -> None:
        """Sends nothing more of this sync, and nothing more to a system that cannot be written to."""
        self.queue.clear()
        for future in self.running:
            future.cancel()
        if barred is None:
            return
        finding = self.destination.endpoint_missing(self.sync, barred)
        if finding is None and isinstance(barred, PermissionRefused):
            # Our role lacks one right; other endpoints may well be open to it.
            finding = str(barred)
        if finding is None:
            self.result.failures.setdefault(self.sync.destination, str(barred))
        elif finding not in self.result.findings:
            self.result.findings.append(finding)
        if finding is not None:
            self.log.block(self.sync.name, finding, run_id=self.run_id, at=self.now())

    def _count(self, delivery: Delivery, outcome: Outcome) -> None:
        result, label = self.result, delivery.record_label
        result.answers.extend(outcome.answers)
        result.moved += outcome.moved
        if outcome.status == "delivered":
            result.sent += 1
            result.sent_by_sync[self.sync.name] += 1
        elif outcome.status == "rejected":
            result.rejected += 1
            result.rejections.append(f"{label}: {outcome.reason}")
        else:
            counts: Mapping[str, str] = {"unknown": "unknown", "held": "held", "pending": "pending"}
            name = counts[outcome.status]
            setattr(result, name, getattr(result, name) + 1)
        if self.progress is not None:
            self.progress(label)


def _batches(sync: Sync, items: Sequence[PlanItem]) -> Iterator[list[PlanItem]]:
    """Yields what one request carries, or, where a request carries one record, what one record gets, in order."""
    if sync.batch_size > 1:
        for start in range(0, len(items), sync.batch_size):
            yield list(items[start : start + sync.batch_size])
        return
    lanes: dict[str, list[PlanItem]] = {}
    for item in items:
        lanes.setdefault(item.destination_id or f"new {item.sync_key}", []).append(item)
    yield from lanes.values()
