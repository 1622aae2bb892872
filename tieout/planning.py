"""What a run plans, proposes and lets go: the planner's own rounds within the loop of `run.py`.

In: the work file as it was built, the delivery log, the vendors' clients. Out: plans, saved for a second person, and
releases of what may be sent now. What does not belong here: landing, building, sending (`run.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reverse_etl.apply import destinations_of
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.due import read_due, read_needs, read_prospects
from reverse_etl.foresee import foresee
from reverse_etl.identity import Identity
from reverse_etl.operations import OperationsStore, TamperedError
from reverse_etl.plan import Plan, make_plan
from reverse_etl.plan_items import HeldRow, PlanItem, SkippedRow
from reverse_etl.plan_store import PlanNotFoundError, PlanStore
from reverse_etl.present import moved_since, read_present, read_records
from reverse_etl.release import AutoGate, Gate, PlanGate, Release, belongs_to
from reverse_etl.slots import SlotNotAllowedError
from tieout.errors import SettingsError, TieoutError

if TYPE_CHECKING:
    from pipelines.extract import Clients
    from tieout.settings import Settings


def plan_store(settings: Settings, store: OperationsStore) -> PlanStore:
    """Returns the saved plans; `REVERSE_ETL__APPROVAL_HOURS` says how long one may be approved and used."""
    return PlanStore(store, valid_for=timedelta(hours=settings.integer("reverse_etl.approval_hours", 72)))


def check_record(record: str | None) -> str | None:
    """Returns the record as given.

    Raises:
        SettingsError: it is not written as `kind:id`.
    """
    if record is not None and not all(record.partition(":")):
        raise SettingsError(f"--record {record}: a record is written as kind:id, such as order:210")
    return record


@dataclass
class Planning:
    """The plans of one run."""

    settings: Settings
    clients: Clients
    store: OperationsStore
    log: DeliveryLog
    run_id: str
    made_by: Identity
    now: Callable[[], datetime]
    record: str | None = None
    """Plan and send only what belongs to this record."""
    plan_name: str | None = None
    """The saved plan to apply; None plans anew, and applies what needs no approval."""
    refused: dict[tuple[str, str], tuple[PlanItem, str]] = field(default_factory=dict)
    """What was approved, moved since, and was not sent."""

    def __post_init__(self) -> None:
        self.plans = plan_store(self.settings, self.store)
        if self.plan_name is not None:
            # Before anything is landed: a name that nobody knows should not cost a run.
            self.plan_name = self._saved_name(self.plan_name)

    def due(self) -> Plan:
        """Returns everything that is due now, by the sync models and the log."""
        plan = make_plan(read_due(self.settings.paths.work), self.log.state())
        return plan if self.record is None else _of_record(plan, self.record, self._needs())

    def propose(self, due: Plan) -> Plan:
        """Completes what is due with what follows from it and with the destinations' present values, and saves it."""
        follow_ups = foresee(due.items, read_prospects(self.settings.paths.work))
        plan = read_present(replace(due, follow_ups=follow_ups), destinations_of(self.clients))
        if plan.items:
            with _proven():
                self.plans.save(plan, run_id=self.run_id, made_by=self.made_by, at=self.now())
        return plan

    def is_proposed(self, due: Plan) -> bool:
        """Whether the newest saved plan can still be approved and holds everything that is due."""
        listed = self.plans.listed()
        if not listed or self.plans.is_too_old(listed[0], self.now()):
            return False
        with _proven():
            plan = self.plans.load(listed[0]["plan_id"]).plan
        saved = {(*item.key, item.payload) for item in plan.items}
        return all((*item.key, item.payload) in saved for item in due.items)

    def release(self, due: Plan) -> tuple[Release, str]:
        """Returns what may be sent now, and the id of the saved plan that it belongs to.

        Raises:
            TieoutError: the saved plan or its approval is not as it was written; nothing of it is sent.
        """
        state, auto = self.log.state(), self.settings.auto_apply
        if self.plan_name is None:
            release = AutoGate(auto).release(due, state)
            if not release.items:
                return release, ""
            part = replace(due, items=release.items)
            with _proven():
                return release, self.plans.save(part, run_id=self.run_id, made_by=self.made_by, at=self.now())
        with _proven():
            saved = self.plans.load(self.plan_name)
            approvals = self.plans.valid(saved, self.now())
            gate: Gate = PlanGate(saved, approvals, auto, self.record, self._needs())
            release = self._as_planned(gate.release(due, state))
        self.plans.refuse(saved.plan_id, release.refused, at=self.now())
        self.refused |= {item.key: (item, reason) for item, reason in release.refused}
        return release, saved.plan_id

    def sent(self, release: Release) -> None:
        """Takes back the refusal of what could be sent after all."""
        for item in release.items:
            self.refused.pop(item.key, None)
        if self.plan_name is not None:
            self.plans.settle(self.plan_name, release.items, at=self.now())

    def _needs(self) -> frozenset[tuple[str, str]]:
        """What the record shares with others, such as its customer: it goes with the record that needs it."""
        return frozenset() if self.record is None else read_needs(self.settings.paths.work, self.record)

    def _as_planned(self, release: Release) -> Release:
        """Reads the destinations once more: what is not as it was when the plan was made is refused."""
        watched = [item for item in release.items if item.watched is not None]
        reading = read_records(watched, destinations_of(self.clients))
        moved = {item.key: why for item in watched if (why := moved_since(item, reading.get(item.key))) is not None}
        return release.without(moved)

    def _saved_name(self, name: str) -> str:
        try:
            with _proven():
                return self.plans.load(name).plan_id
        except PlanNotFoundError as problem:
            raise SettingsError(str(problem)) from None


@contextmanager
def _proven() -> Iterator[None]:
    """Turns a plan or an approval that is not as it was written into one clear line; nothing of it is sent."""
    try:
        yield
    except (TamperedError, SlotNotAllowedError) as problem:
        raise TieoutError(f"{problem}. Nothing of it is sent; plan anew, and have it approved again") from None


def _of_record(plan: Plan, record: str, needs: Set[tuple[str, str]]) -> Plan:
    def belongs(one: HeldRow | SkippedRow) -> bool:
        return (one.sync_name, one.row.sync_key) in needs or belongs_to(one.row, record)

    return replace(
        plan,
        items=tuple(item for item in plan.items if item.key in needs or belongs_to(item, record)),
        held=tuple(one for one in plan.held if belongs(one)),
        waiting=tuple(one for one in plan.waiting if belongs(one)),
        rejected=tuple(one for one in plan.rejected if belongs(one)),
    )
