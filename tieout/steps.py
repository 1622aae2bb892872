"""The two halves of a run that a person may want alone: landing without building, building without asking anybody.

In: settings, options, the clock. Out: an `Extraction` or a `RunOutcome`, each noted in the run history.
What does not belong here: the whole loop (`run.py`), how either looks (`report/steps.py`).
"""

from __future__ import annotations

import difflib
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pipelines import extract as landing_room
from pipelines import quarantine
from pipelines.landing import Landing
from pipelines.shrink import SnapshotShrunkError
from reverse_etl import closed_periods
from reverse_etl.audit import note_head
from reverse_etl.operations import OperationsStore
from tieout import identity, lock, publish, remedies
from tieout.build import Books, Parameters
from tieout.errors import ExitCode, SettingsError, TieoutError
from tieout.outcome import RunOutcome
from tieout.report import figures
from tieout.republish import PART, last_asked
from tieout.run import Now, open_clients

if TYPE_CHECKING:
    from pipelines.extract import ExtractResult
    from tieout.progress import RunProgress
    from tieout.settings import Settings


@dataclass(frozen=True)
class Options:
    """What an extraction is asked for."""

    only: frozenset[str] | None = None
    """Tables as `<system>.<table>`; None is all."""
    since: date | None = None
    full_refresh: bool = False
    accept_shrink: bool = False
    retry_quarantine: bool = False
    """Try what is in quarantine again instead of asking the vendors."""


@dataclass
class Extraction:
    """What an extraction did."""

    run_id: str
    profile: str
    as_of: date
    result: ExtractResult | None = None
    retried: quarantine.Retried | None = None
    refused: list[str] = field(default_factory=list)
    """Tables that were not landed because they had shrunk, one line each."""
    open_in_quarantine: int = 0
    seconds: float = 0.0
    failure: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Returns the exit code of DESIGN section 4."""
        return ExitCode.FAILED if self.failure is not None or self.refused else ExitCode.DONE

    @property
    def message(self) -> str:
        """Returns one line for the run history; it keeps the requests of each system."""
        if self.failure is not None:
            return self.failure
        if self.retried is not None:
            return (
                f"extract: {self.retried.tried} quarantined records tried, {sum(self.retried.landed.values())} landed"
            )
        requests = self.result.requests if self.result else {}
        told = ", ".join(f"{system} {count}" for system, count in sorted(requests.items()))
        return "; ".join([f"extract: requests {told}", *self.refused])


def tables_named(names: Sequence[str]) -> frozenset[str] | None:
    """Returns the tables that `--only` names: SYSTEM is all of its tables; never given is None, everything.

    Args:
        names: As given, each one name or several with commas between them.

    Raises:
        SettingsError: there is no such system or table; the message names the nearest.
    """
    known = landing_room.table_names()
    systems = {table.partition(".")[0] for table in known}
    wanted: set[str] = set()
    for name in (part.strip() for given in names for part in given.split(",")):
        if not name:
            raise SettingsError("--only: a name is missing; write SYSTEM or SYSTEM.TABLE, commas between several")
        if name in systems:
            wanted |= {table for table in known if table.startswith(f"{name}.")}
        elif name in known:
            wanted.add(name)
        else:
            near = difflib.get_close_matches(name, [*sorted(systems), *known], n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; systems are {', '.join(sorted(systems))}"
            raise SettingsError(f"--only {name}: there is no such system or table{hint}")
    return frozenset(wanted) if names else None


def extract(settings: Settings, options: Options, *, as_of: date, now: Now, progress: RunProgress) -> Extraction:
    """Lands and loads under the lock, without building; notes it in the run history.

    Args:
        settings: the profile's.
        options: what to read, and how.
        as_of: the business date of the dated reports.
        now: the present instant, UTC.
        progress: where a person sees it go on.

    Raises:
        LockedError: another run works on the same data.
        pipelines.transport.errors.VendorError: a vendor could not be read.
    """
    is_part = options.retry_quarantine or options.only is not None
    done = Extraction(f"{PART if is_part else 'extract-'}{uuid.uuid4()}", settings.profile, as_of)
    landing = _landing(settings, now)
    with lock.held(settings.paths.lock), _noted(settings, done, now):
        if options.retry_quarantine:
            done.retried = landing_room.retry_quarantine(landing, only=options.only)
        else:
            _read(settings, options, done, landing, progress)
        done.open_in_quarantine = len(quarantine.open_refusals(landing))
    return done


def _read(settings: Settings, options: Options, done: Extraction, landing: Landing, progress: RunProgress) -> None:
    clients = open_clients(settings)
    try:
        done.result = landing_room.extract(
            clients,
            landing,
            as_of=done.as_of,
            only=options.only,
            progress=progress,
            since=options.since,
            full_refresh=options.full_refresh,
            accept_shrink=options.accept_shrink,
        )
    except SnapshotShrunkError as problem:
        done.result = problem.result
        done.refused = [str(each) for each in problem.shrunk]
    finally:
        clients.close()


def build(settings: Settings, *, as_of: date, now: Now, progress: RunProgress) -> RunOutcome:
    """Builds the books from what is landed, without a request, and publishes them.

    Args:
        settings: the profile's; no vendor's credentials are needed.
        as_of: the business date of the figures.
        now: the present instant, UTC.
        progress: where a person sees it go on.

    Raises:
        LockedError: another run works on the same data.
        TieoutError: nothing has been landed yet, or the books could not be built.
    """
    settings.check(now())
    outcome = RunOutcome(run_id=f"build-{uuid.uuid4()}", profile=settings.profile, as_of=as_of)
    landing, books, parameters = _landing(settings, now), Books(settings), Parameters.of(settings, as_of)
    if not any(settings.paths.landing.glob("*/*/*.parquet")):
        raise TieoutError(f"nothing is landed below {settings.paths.landing} yet; `tieout extract` does it")
    with lock.held(settings.paths.lock):
        with _noted(settings, outcome, now) as store:
            with _timed(outcome, "load"):
                landing_room.load_backlog(landing)
            with _timed(outcome, "build"), progress.stage("build the books", None) as stage:
                books.note_built(None)
                closed_periods.note_closing(store, closed_periods.SETTING, settings.books_closed_through, at=now())
                books.write_operations(store.export(), parameters)
                books.build(on_node=stage)
                if closed_periods.record_checksums(store, settings.paths.work, at=now()):
                    books.write_operations(store.export(), parameters)
                    books.build(changed_tables=set(closed_periods.CHECKSUM_TABLES), seeds=False)
                books.note_built(books.state(parameters, landing.position(), store.head()))
            outcome.was_built = True
            outcome.figures = figures.read(settings.paths.work)
            outcome.withheld = bool(outcome.figures.red)
        with _timed(outcome, "publish"):
            published = publish.publish(
                settings.paths,
                as_of=as_of.isoformat(),
                verified_at=last_asked(settings),
                state=books.built_state(),
            )
    outcome.warehouse, outcome.snapshot = settings.paths.warehouse, published.path
    outcome.snapshot_number = published.number
    return outcome


@contextmanager
def _noted(settings: Settings, done: Extraction | RunOutcome, now: Now) -> Iterator[OperationsStore]:
    """Yields the operations store; the run history says how the step ended, however it does."""
    store = OperationsStore(f"sqlite:///{settings.paths.operations}")
    began = time.perf_counter()
    try:
        run_by = identity.current(settings).name
        store.start_run(done.run_id, started_at=now(), profile=settings.profile, as_of=done.as_of, run_by=run_by)
        try:
            yield store
        except BaseException as problem:
            done.failure = remedies.noted(problem)
            raise
        finally:
            spent = time.perf_counter() - began
            if isinstance(done, Extraction):
                done.seconds = spent
            _finish(store, done, now, spent)
            note_head(store, settings.audit_heads, at=now())
    finally:
        store.close()


def _finish(store: OperationsStore, done: Extraction | RunOutcome, now: Now, spent: float) -> None:
    result = done.result if isinstance(done, Extraction) else None
    retried = done.retried if isinstance(done, Extraction) else None
    rows = result.rows if result else retried.landed if retried else {}
    held = sum(done.figures.held.values()) if isinstance(done, RunOutcome) and done.figures else 0
    code = done.exit_code
    store.finish_run(
        done.run_id,
        finished_at=now(),
        status="failed" if code is ExitCode.FAILED else "withheld" if code is ExitCode.WITHHELD else "done",
        exit_code=int(code),
        rounds=0,
        landed_rows=sum(rows.values()),
        requests=sum(result.requests.values()) if result else 0,
        held=held,
        seconds=spent,
        message=done.message if isinstance(done, Extraction) else (done.failure or "build: from what was landed"),
    )


def _landing(settings: Settings, now: Now) -> Landing:
    paths = settings.paths
    return Landing(paths.landing, paths.work, paths.dlt, now)


@contextmanager
def _timed(outcome: RunOutcome, step: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        outcome.add_seconds(step, time.perf_counter() - began)
