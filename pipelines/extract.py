"""One extraction: the three systems are read side by side, landed, and loaded one after the other.

In: clients, the landing folder, the business date. Out: an `ExtractResult`: what is new, what it cost, findings.
HTTP and landing run in threads; DuckDB's work file has one writer, so loading is strictly in sequence and happens
only if something was landed that the work file lacks.
What does not belong here: what each system offers (its `source.py`), the models (dbt).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import msgspec

from pipelines import quarantine, shrink
from pipelines.atlar import reports
from pipelines.atlar import source as atlar_source
from pipelines.atlar import tables as atlar_tables
from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlas_accounting import source as atlas_accounting_source
from pipelines.atlas_accounting import tables as atlas_accounting_tables
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm import source as atlas_etrm_source
from pipelines.atlas_etrm import tables as atlas_etrm_tables
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.ecb import source as ecb_source
from pipelines.ecb import tables as ecb_tables
from pipelines.ecb.client import EcbClient, EcbConfig
from pipelines.extract_result import ExtractResult
from pipelines.landing import Landing
from pipelines.loading import backlog
from pipelines.raw_table import Answer, RawTable
from pipelines.reading import Progress, Reading, Silent, Task
from pipelines.tasks import Tally, read_system

__all__ = ["Answer", "Clients", "ExtractResult", "Landing", "extract", "land_answers", "load_backlog"]

DATASETS = (
    atlas_etrm_source.DATASET,
    atlas_accounting_source.DATASET,
    atlar_source.DATASET,
    ecb_source.DATASET,
    backlog.QUARANTINE_DATASET,
)

RAW_TABLES = (*atlas_etrm_tables.TABLES, *atlas_accounting_tables.TABLES, *atlar_tables.TABLES, *ecb_tables.TABLES)


@dataclass(frozen=True)
class Clients:
    """One client per vendor."""

    atlas_etrm: AtlasEtrmClient
    atlas_accounting: AtlasAccountingClient
    atlar: AtlarClient
    ecb: EcbClient | None = None
    """Reference rates; None where no address is set, and then nothing is requested."""

    @classmethod
    def open(
        cls,
        atlas_etrm: AtlasEtrmConfig,
        atlas_accounting: AtlasAccountingConfig,
        atlar: AtlarConfig,
        ecb: EcbConfig | None = None,
    ) -> Clients:
        """Clients from their settings; nothing is sent yet."""
        return cls(
            AtlasEtrmClient(atlas_etrm),
            AtlasAccountingClient(atlas_accounting),
            AtlarClient(atlar),
            EcbClient(ecb) if ecb is not None else None,
        )

    def requests(self) -> dict[str, int]:
        """Requests sent so far, by system."""
        counts = {
            "atlas_etrm": self.atlas_etrm.requests,
            "atlas_accounting": self.atlas_accounting.requests,
            "atlar": self.atlar.requests,
        }
        return counts if self.ecb is None else counts | {"ecb": self.ecb.requests}

    def close(self) -> None:
        """Closes all connections."""
        for client in (self.atlas_etrm, self.atlas_accounting, self.atlar):
            client.close()
        if self.ecb is not None:
            self.ecb.close()


def extract(
    clients: Clients,
    landing: Landing,
    *,
    as_of: date,
    only: frozenset[str] | None = None,
    progress: Progress | None = None,
    since: date | None = None,
    full_refresh: bool = False,
    accept_shrink: bool = False,
) -> ExtractResult:
    """Reads the vendors, lands what changed, loads what the work file lacks.

    Args:
        clients: One per vendor.
        landing: Where to land and load.
        as_of: Business date of the dated reports.
        only: Tables to read, as `<system>.<table>`; None is everything. What the same calls bring along is landed too.
        progress: What shows the progress.
        since: Dated windows and cursors begin no later than this day.
        full_refresh: Read everything again, whatever is landed.
        accept_shrink: Believe a full read that lost more than a fifth of its table.

    Raises:
        VendorError: of the first system that failed. What the others brought is in landing/ and is loaded next time.
        SnapshotShrunkError: tables were refused because they shrank; all else was landed and loaded.
        ValueError: `only` names a table that does not exist.
    """
    reading = Reading(landing, as_of, since=since, full_refresh=full_refresh)
    tally = Tally(accept_shrink)
    before = clients.requests()
    shown = progress or Silent()
    plans = _plans(clients, reading, only)
    seconds: dict[str, float] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(plans)), thread_name_prefix="extract") as pool:
        running = [pool.submit(read_system, name, todo, landing, tally, shown) for name, todo in plans.items()]
        failures = [failure for job in running if (failure := job.exception()) is not None]
        if failures:
            raise failures[0]
        seconds.update(job.result() for job in running)
    started = time.monotonic()
    loaded = _load(landing, frozenset(tally.answered))
    seconds["load"] = time.monotonic() - started
    after = clients.requests()
    result = ExtractResult(
        rows=tally.rows,
        requests={name: after[name] - before[name] for name in after},
        quarantined=sum(tally.quarantined.values()),
        changed=frozenset(tally.rows) | frozenset(loaded),
        seconds=seconds,
        findings=sorted({*reading.findings, *tally.findings}),
        quarantined_by_system=tally.quarantined,
    )
    if tally.shrunk:
        raise shrink.SnapshotShrunkError(tuple(tally.shrunk), result)
    return result


def land_answers(answers: Iterable[Answer], landing: Landing) -> ExtractResult:
    """Lands the answers to writes like any other records, and loads them.

    Nothing is declared gone by them: an answer shows what was written, not what else there is.
    """
    by_table: dict[RawTable, list[msgspec.Raw]] = {}
    for answer in answers:
        by_table.setdefault(answer.table, []).append(msgspec.Raw(answer.record))
    tally = Tally()
    started = time.monotonic()
    for table, records in by_table.items():
        tally.land(landing, table, records, last_wins=True)
    loaded = _load(landing) if tally.rows or tally.quarantined else {}
    return ExtractResult(
        rows=tally.rows,
        requests={},
        quarantined=sum(tally.quarantined.values()),
        changed=frozenset(tally.rows) | frozenset(loaded),
        seconds={"load": time.monotonic() - started},
        findings=sorted(tally.findings),
        quarantined_by_system=tally.quarantined,
    )


def table_names() -> tuple[str, ...]:
    """Every raw table an extraction can be asked for, as `<system>.<table>`."""
    return tuple(
        f"{table.system}.{table.name}"
        for dataset in DATASETS
        for table in dataset.tables
        if dataset is not backlog.QUARANTINE_DATASET
    )


def retry_quarantine(landing: Landing, *, only: frozenset[str] | None = None) -> quarantine.Retried:
    """Types what is in quarantine again with today's declarations, lands and loads what fits; without a request.

    Args:
        landing: Where to land and load.
        only: Tables, as `<system>.<table>`; None is all.
    """
    retried = quarantine.retry(landing, RAW_TABLES, only, {"atlar.bank_statements": reports.read_again})
    backlog.load_missing(landing, DATASETS)
    quarantine.show_in_work_file(landing)
    return retried


def load_backlog(landing: Landing) -> ExtractResult:
    """Loads everything in landing/ that the work file lacks, without a request; creates every declared table."""
    started = time.monotonic()
    loaded = _load(landing)
    return ExtractResult(
        rows={}, requests={}, quarantined=0, changed=frozenset(loaded), seconds={"load": time.monotonic() - started}
    )


def _load(landing: Landing, answered: frozenset[str] = frozenset()) -> dict[str, int]:
    """Loads what the work file lacks, once the refusals that a good version has overtaken are settled."""
    quarantine.settle(landing, RAW_TABLES, answered)
    loaded = backlog.load_missing(landing, DATASETS)
    shown = quarantine.show_in_work_file(landing) if landing.work_path.exists() else 0
    return loaded | ({"quarantine.records": shown} if shown else {})


def _plans(clients: Clients, reading: Reading, only: frozenset[str] | None) -> dict[str, list[Task]]:
    sources: dict[str, Callable[[], list[Task]]] = {
        "atlas_etrm": lambda: atlas_etrm_source.tasks(clients.atlas_etrm, reading),
        "atlas_accounting": lambda: atlas_accounting_source.tasks(clients.atlas_accounting, reading),
        "atlar": lambda: atlar_source.tasks(clients.atlar, reading),
    }
    if (ecb := clients.ecb) is not None:
        sources["ecb"] = lambda: ecb_source.tasks(ecb, reading)
    if only is not None and (unknown := only - frozenset(table_names())):
        raise ValueError(f"no such table: {', '.join(sorted(unknown))}")
    plans: dict[str, list[Task]] = {}
    for system, tasks in sources.items():
        if only is not None and not any(name.startswith(f"{system}.") for name in only):
            continue
        wanted = [
            task
            for task in tasks()
            if only is None or any(f"{table.system}.{table.name}" in only for table in task.tables)
        ]
        if wanted:
            plans[system] = wanted
    return plans
