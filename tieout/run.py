"""The loop of DESIGN section 1: land, build, plan, apply, until the plan is empty.

In: settings, the business date, the clock. Out: a `RunOutcome`, a published snapshot, writes at the vendors.
What does not belong here: how a stage works; each stage is another room's.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from pipelines.extract import Clients, ExtractResult, Landing, extract, land_answers
from reverse_etl import closed_periods
from reverse_etl.apply import ApplyResult, apply_plan, resolve_unknown
from reverse_etl.audit import note_head
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.operations import OperationsStore
from reverse_etl.plan import Plan
from reverse_etl.release import Release, may_go_alone
from tieout import identity, lock, remedies, run_end
from tieout.build import Books, Parameters
from tieout.errors import NotSettledError, TieoutError
from tieout.outcome import RunOutcome
from tieout.planning import Planning
from tieout.progress import RunProgress
from tieout.report import figures

if TYPE_CHECKING:
    from tieout.settings import Settings

MOST_ROUNDS = 15
"""The longest chain is counterparty → invoice → send → erpCode → ATLAS invoice → document → payment → remaining."""

Now = Callable[[], datetime]


@dataclass
class Loop:
    """One run of one profile. Made by `execute`; holds what the stages share."""

    settings: Settings
    as_of: date
    now: Now
    progress: RunProgress
    outcome: RunOutcome
    clients: Clients
    store: OperationsStore
    planning: Planning
    plan_only: bool = False
    books: Books = field(init=False)
    parameters: Parameters = field(init=False)
    landing: Landing = field(init=False)
    last_plan: Plan | None = None
    is_part_tested: bool = False
    built_head: str | None = None
    """The delivery log the last build of this run saw; None where nothing was built."""

    def __post_init__(self) -> None:
        paths = self.settings.paths
        self.books = Books(self.settings)
        self.parameters = Parameters.of(self.settings, self.as_of)
        self.landing = Landing(paths.landing, paths.work, paths.dlt, self.now)
        self.log = self.planning.log

    def go(self) -> None:
        """Runs the rounds; the outcome says how it went."""
        # Asked before anything is landed: where the last build was complete, only what changes now is built.
        known = self.books.built_state() == self.state()
        changed = self._land_first()
        for number in range(1, MOST_ROUNDS + 1):
            self.outcome.rounds = number
            self._build(changed if known or number > 1 else None)
            if self._is_red():
                self.outcome.withheld = True
                if not self.plan_only:
                    return
            due = self._due()
            if self.plan_only:
                self._propose(due)
                return
            release, plan_id = self._release(due)
            if not release.items:
                if release.unapproved and self.planning.plan_name is None:
                    self._propose_once(due)
                return
            applied = self._apply(replace(due, items=release.items), release, plan_id)
            changed = self._land_answers(applied) | {"operations.deliveries"}
            if any(item.operation == "void" for item in release.items):
                changed.add("operations.document_voids")
            if applied.failures:
                raise TieoutError("; ".join(f"{system}: {why}" for system, why in sorted(applied.failures.items())))
        self.outcome.settled = False
        raise NotSettledError(
            f"after {MOST_ROUNDS} rounds there was still something to send: {self.outcome.planned} planned,"
            f" {self.outcome.sent} sent. `tieout plan` shows what comes back each time"
        )

    def _land_first(self) -> set[str]:
        with self.timed("land"):
            head = self.store.head()
            resolved = resolve_unknown(self.clients, self.log, run_id=self.outcome.run_id, now=self.now)
            result = extract(self.clients, self.landing, as_of=self.as_of, only=None, progress=self.progress)
            self._count(result)
            changed = set(result.changed)
            if resolved.answers:
                changed |= set(self._count(land_answers(resolved.answers, self.landing)).changed)
            if self.store.head() != head:
                changed |= {"operations.deliveries", "operations.document_voids"}
            if closed_periods.note_closing(
                self.store, closed_periods.SETTING, self.settings.books_closed_through, at=self.now()
            ):
                changed.add("operations.closed_periods")
        self.progress.say(f"landed   {sum(result.rows.values()):,} changes, {sum(result.requests.values()):,} requests")
        return changed

    def _land_answers(self, applied: ApplyResult) -> set[str]:
        """The answers to the writes, and what else those writes have moved at the vendors."""
        with self.timed("land"):
            changed = set(self._count(land_answers(applied.answers, self.landing)).changed)
            if applied.touched:
                again = extract(
                    self.clients, self.landing, as_of=self.as_of, only=applied.touched, progress=self.progress
                )
                changed |= set(self._count(again).changed)
        return changed

    def _build(self, changed: set[str] | None) -> None:
        """Builds what depends on the tables that changed; everything where the last build is not known (None)."""
        if changed is not None and not changed:
            self.progress.say("books    unchanged")
            return
        with self.timed("build"), self.progress.stage("build the books", None) as stage:
            self.books.note_built(None)
            self.books.write_operations(self.store.export(), self.parameters)
            self.built_head = self.store.head()
            ran = self.books.build(changed_tables=changed, seeds=changed is None, on_node=stage)
            if closed_periods.record_checksums(self.store, self.settings.paths.work, at=self.now()):
                self.books.write_operations(self.store.export(), self.parameters)
                self.built_head = self.store.head()
                ran += self.books.build(changed_tables=set(closed_periods.CHECKSUM_TABLES), seeds=False)
            self.books.note_built(self.state())
        self.outcome.was_built = True
        self.is_part_tested = changed is not None
        self.progress.say(f"books    {ran:,} models and tests, all green")

    def state(self) -> str:
        """Returns the hash of everything that the books depend on."""
        return self.books.state(self.parameters, self.landing.position(), self.store.head())

    def _is_red(self) -> bool:
        self.outcome.figures = figures.read(self.settings.paths.work)
        return bool(self.outcome.figures.red)

    def _due(self) -> Plan:
        with self.timed("plan"):
            due = self.planning.due()
            self.outcome.refused_before = len(due.rejected)
            self.outcome.unresolved = len(due.waiting)
            if not self.plan_only:
                # Said once, also when nothing is to be sent: `status` and the marts show what waits for a person.
                self.log.hold(due.held, at=self.now())
        return due

    def _propose(self, due: Plan) -> None:
        """Saves what waits for a second person, with what follows from it and the destinations' present values."""
        with self.timed("plan"), self.progress.stage("read what is there", None):
            self.last_plan = plan = self.planning.propose(due)
            allowed = self.settings.auto_apply
            alone = sum(may_go_alone(item, allowed) for item in plan.items)
            self.outcome.awaiting_approval = len(plan.items) - alone
            if self.plan_only:
                self.outcome.planned = len(plan.items)

    def _propose_once(self, due: Plan) -> None:
        """Proposes what no setting lets go; where nothing has changed since it was proposed, nobody is asked again."""
        if self.outcome.was_built or not self.planning.is_proposed(due):
            self._propose(due)

    def _release(self, due: Plan) -> tuple[Release, str]:
        """What may be sent now; what needs an approval and has none stays."""
        with self.timed("plan"):
            release, plan_id = self.planning.release(due)
            self.outcome.planned += len(release.items)
            self.outcome.awaiting_approval = len(release.unapproved)
            self.outcome.refused = [f"{item.record_label}: {reason}" for item, reason in self.planning.refused.values()]
        return release, plan_id

    def _apply(self, plan: Plan, release: Release, plan_id: str) -> ApplyResult:
        outcome = self.outcome
        with self.timed("apply"), self.progress.stage("write back", len(plan.items)) as stage:
            applied = apply_plan(
                plan,
                self.clients,
                self.log,
                run_id=outcome.run_id,
                now=self.now,
                progress=stage,
                plan_id=plan_id,
                words=release.words,
            )
        self.planning.sent(release)
        outcome.sent += applied.sent
        outcome.rejected += applied.rejected
        outcome.unknown += applied.unknown
        outcome.sent_by_sync.update(applied.sent_by_sync)
        outcome.rejections.extend(applied.rejections)
        outcome.findings.extend(finding for finding in applied.findings if finding not in outcome.findings)
        self.progress.say(
            f"round {outcome.rounds:<2} {applied.sent:,} sent, {applied.rejected:,} rejected"
            + (f", {applied.unknown:,} unknown" if applied.unknown else "")
        )
        return applied

    def _count(self, result: ExtractResult) -> ExtractResult:
        self.outcome.landed.update(result.rows)
        self.outcome.findings.extend(finding for finding in result.findings if finding not in self.outcome.findings)
        return result

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Adds what is spent inside to a step's time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.outcome.add_seconds(step, time.perf_counter() - began)


def execute(
    settings: Settings,
    *,
    as_of: date,
    now: Now,
    progress: RunProgress,
    plan_only: bool = False,
    plan_name: str | None = None,
    record: str | None = None,
) -> tuple[RunOutcome, Plan | None]:
    """Runs the loop under the lock, records the run, publishes.

    Args:
        settings: the profile's.
        as_of: the business date of the figures; what is written back follows the vendors' present state.
        now: the present instant, UTC.
        progress: where a person sees it go on.
        plan_only: stop before the first write.
        plan_name: the saved plan to apply, as far as it is approved; None applies what needs no approval.
        record: plan or apply only what belongs to this record, such as `order:210`.

    Returns:
        What the run did, and the plan that was made and saved for a second person, if any.

    Raises:
        LockedError: another run works on the same data.
        TieoutError: the books could not be built, or the plan did not become empty.
        pipelines.transport.errors.VendorError: a vendor could not be read.
    """
    settings.check(now())
    outcome = RunOutcome(run_id=f"run-{uuid.uuid4()}", profile=settings.profile, as_of=as_of)
    with lock.held(settings.paths.lock):
        clients = open_clients(settings)
        store = OperationsStore(f"sqlite:///{settings.paths.operations}")
        try:
            by, log = identity.current(settings), DeliveryLog(store)
            planning = Planning(settings, clients, store, log, outcome.run_id, by, now, record, plan_name)
            store.start_run(outcome.run_id, started_at=now(), profile=settings.profile, as_of=as_of, run_by=by.name)
            loop = Loop(settings, as_of, now, progress, outcome, clients, store, planning, plan_only)
            try:
                loop.go()
            except BaseException as problem:
                outcome.failure = remedies.noted(problem)
                raise
            finally:
                outcome.requests.update(clients.requests())
                run_end.finish(store, outcome, now)
                note_head(store, settings.audit_heads, at=now())
            run_end.publish_books(loop)
            return outcome, loop.last_plan
        finally:
            store.close()
            clients.close()


def open_clients(settings: Settings) -> Clients:
    """Returns the three vendors' clients; a missing setting is found before anything is asked of anybody."""
    return Clients.open(settings.atlas_etrm(), settings.atlas_accounting(), settings.atlar(), settings.ecb())
