"""Running one system's tasks: read side by side, checked, landed, counted.

In: the tasks of a `source.py`. Out: versions in landing/, and a `Tally`. A full read that lost a fifth of its table is
refused (`shrink.py`); an answer that no record can be had from goes to quarantine as it is.
What does not belong here: which systems there are, loading (`extract.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from pipelines import refusals, shrink
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.reading import Fetched, Progress, Task
from pipelines.records.typed import Misfit
from pipelines.versions.versioning import Scope

_TASKS_AT_ONCE = 4
"""Per system. The vendor's rate limit is the real bound; this only hides latency."""


@dataclass
class Tally:
    """Counts shared by the threads of one extraction, and the one door to landing."""

    accept_shrink: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    shrunk: list[shrink.Shrunk] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    """Tables whose reads came to their end."""
    findings: list[str] = field(default_factory=list)
    """What was landed for the first time and is worth a look."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refuses(self, landing: Landing, fetched: Fetched) -> bool:
        """Whether a full read has lost so much that it is not believed; it is noted then."""
        if self.accept_shrink:
            return False
        received = len(fetched.records) + len(fetched.misfits)
        found = shrink.shrunk(fetched.table, received, landing.latest(fetched.table), fetched.scope)
        if found is None:
            return False
        with self.lock:
            self.shrunk.append(found)
        return True

    def set_aside(self, landing: Landing, table: RawTable, error: BaseException) -> None:
        """Keeps an answer that was refused as a whole (HTML, a count that does not match) in quarantine."""
        body: bytes | None = getattr(error, "body", None)
        if body:
            reason = f"{refusals.WHOLE_ANSWER}{error}"
            self.land(landing, table, [], refused=[Misfit(None, reason, body)])

    def land(
        self,
        landing: Landing,
        table: RawTable,
        records: Sequence[msgspec.Raw],
        scope: Scope | None = None,
        *,
        last_wins: bool = False,
        refused: Sequence[Misfit] = (),
        buried: Sequence[tuple[object, ...]] = (),
    ) -> int:
        """Lands records as `Landing.land` does, counts them, and returns how many versions were new."""
        landed = landing.land(table, records, scope=scope, last_wins=last_wins, refused=refused, buried=buried)
        with self.lock:
            if landed.quarantined:
                self.quarantined[table.system] = self.quarantined.get(table.system, 0) + landed.quarantined
            if landed.undeclared:
                told = ", ".join(landed.undeclared)
                self.findings.append(
                    f"{table.system}: {table.name} has fields nobody declared: {told}. They are kept in _unknown_fields"
                )
            if landed.rows:
                name = f"{table.system}.{table.name}"
                self.rows[name] = self.rows.get(name, 0) + landed.rows
        return landed.rows


def read_system(
    system: str, tasks: Sequence[Task], landing: Landing, tally: Tally, progress: Progress
) -> tuple[str, float]:
    """Runs a system's tasks side by side and lands what they bring.

    Returns:
        The system and how long it took, in seconds.

    Raises:
        VendorError: of the first task that failed; those waiting were left, those running came to their end.
    """
    started = time.monotonic()
    progress.start(system, sum(len(task.tables) for task in tasks))
    has_failed = threading.Event()

    def run(task: Task) -> None:
        if has_failed.is_set():
            return  # refused credentials or a storm of 429 would cost every task its own patience
        waiting = list(task.tables)
        try:
            _land(task, waiting, landing, tally, progress)
        except BaseException as error:
            has_failed.set()
            tally.set_aside(landing, (waiting or task.tables)[0], error)
            raise

    with ThreadPoolExecutor(max_workers=_TASKS_AT_ONCE, thread_name_prefix=system) as pool:
        jobs = [pool.submit(run, task) for task in tasks]
        failures = [failure for job in jobs if (failure := job.exception()) is not None]
    if failures:
        raise failures[0]
    progress.finish(system)
    return system, time.monotonic() - started


def _land(task: Task, waiting: list[RawTable], landing: Landing, tally: Tally, progress: Progress) -> None:
    """Lands what a task brings; `waiting` keeps the tables it has not come to yet."""
    for fetched in task.read():
        if tally.refuses(landing, fetched):
            break  # what the same task reads next hangs on what was refused: payments are asked for by invoice
        rows = tally.land(
            landing,
            fetched.table,
            fetched.records,
            fetched.scope,
            last_wins=fetched.last_wins,
            refused=fetched.misfits,
            buried=fetched.buried,
        )
        if fetched.table in waiting:
            waiting.remove(fetched.table)
        progress.advance(fetched.table.system, fetched.table.name, rows)
    else:
        with tally.lock:
            tally.answered |= {f"{table.system}.{table.name}" for table in task.tables}
    for table in sorted(waiting, key=lambda each: each.name):
        progress.advance(table.system, table.name, 0)
