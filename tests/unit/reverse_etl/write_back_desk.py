"""Plans and applies against the fake vendors as a run does, on a clock that a test moves.

In: an operations store. Out: `Desk`. What does not belong here: the vendors (`write_back_fakes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from write_back_fakes import NOON, FakeClients

from reverse_etl.apply import ApplyResult, apply_plan, resolve_unknown
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.due import SyncRow
from reverse_etl.operations import OperationsStore
from reverse_etl.plan import Plan, make_plan
from reverse_etl.resolve import ResolveResult


@dataclass
class Desk:
    """Plans and applies as a run does, on a clock that a test moves."""

    store: OperationsStore
    clients: FakeClients = field(default_factory=FakeClients)
    time: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new_run()

    def new_run(self) -> None:
        """Another process takes over: its log remembers only what is in the store."""
        self.log = DeliveryLog(self.store)

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def plan(self, rows: Mapping[str, Sequence[SyncRow]]) -> Plan:
        return make_plan(rows, self.log.state())

    def apply(self, rows: Mapping[str, Sequence[SyncRow]], workers: int = 4) -> ApplyResult:
        return apply_plan(self.plan(rows), self.clients, self.log, run_id="run-1", now=self.now, workers=workers)

    def resolve(self) -> ResolveResult:
        return resolve_unknown(self.clients, self.log, run_id="run-2", now=self.now, sleep=self.slept.append)

    def statuses(self) -> dict[str, str]:
        return {past.sync_key: past.status for many in self.log.state().deliveries.values() for past in many}
