"""Landings and runs that kill themselves, as `kill -9` would, at a chosen point: each in a process of its own.

In: a line of JSON per process wanted: `task` (land | books | run), `company`, `folder`, `kill` ({"at": a name of
POINTS, "number": which time, "when": before | after} or null). Out: a line of JSON per process: how it ended, and what
it said. The processes are forked from this one, which has imported everything and parsed the dbt project once: that
takes ten times as long as a kill.
What does not belong here: what must hold afterwards (`test_fault_crashes.py`).
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landed import AS_OF, landing_in
from vendors import opened

from pipelines import extract as extraction

_TABLES = ("orders", "order_items", "counterparties")
NARROW = tuple(
    replace(dataset, tables=tuple(table for table in dataset.tables if table.name in (*_TABLES, "records")))
    for dataset in extraction.DATASETS
    if dataset.system in ("atlas_etrm", "quarantine")
)
"""What the crash tests of the landing load: a few tables are enough to be killed in, and quicker."""
ONLY = frozenset(f"atlas_etrm.{name}" for name in _TABLES)


def _targets() -> dict[str, tuple[Any, str]]:
    """What is called at each point; imported late, because the point of some tests is not to get there."""
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from dlt.pipeline.pipeline import Pipeline

    from pipelines.loading import appending, backlog
    from tieout import publish
    from tieout.build import Books

    return {
        "a landing file": (os, "fsync"),
        "normalize": (Pipeline, "normalize"),
        "load": (Pipeline, "load"),
        "a statement of the load": (DuckDbSqlClient, "execute_query"),
        "an insert": (appending, "_insert"),
        "the note of a load": (appending, "_note"),
        "the commit": (backlog, "_append"),
        "an event of dbt": (Books, "_on_event"),
        "the mark of complete books": (Books, "note_built"),
        "the copy": (shutil, "copyfile"),
        "the switch": (publish, "_switch"),
        "the note": (publish, "_note"),
    }


def armed(at: str, number: int, when: str) -> None:
    """Kills this process before or after the call of that number."""
    owner, name = _targets()[at]
    calls = itertools.count(1)
    call: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(call)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        is_it = next(calls) == number
        if is_it and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **named)
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, wrapped)


def land(company: Path, folder: Path) -> None:
    """Lands and loads ATLAS ETRM."""
    extraction.DATASETS = NARROW
    with opened(company, folder / f"vendors-{os.getpid()}") as vendors:
        extraction.extract(vendors.clients(), landing_in(folder), as_of=AS_OF, only=ONLY)


MODELS = tuple(f"stg_atlas_etrm__{name}" for name in _TABLES)
"""What the narrow run builds of the books."""


def books(company: Path, folder: Path) -> None:
    """A run over ATLAS ETRM alone: land, load, build three models, publish. A red control keeps it from planning."""
    from tieout import run as loop
    from tieout.build import Books

    invoke = Books._invoke
    seeds_and = ["build", "--select", *MODELS, "order_statuses", "--exclude-resource-type", "test"]

    def narrow(books: Books, arguments: list[str]) -> int:
        return invoke(books, [*seeds_and, "unit_test"]) if arguments[0] == "build" else 0

    Books._invoke = narrow  # type: ignore[method-assign]
    Books._statements = lambda books: None  # type: ignore[method-assign]
    loop.Loop._is_red = lambda loop: True  # type: ignore[method-assign]
    # The mart of closed periods is not among the three models.
    loop.closed_periods.record_checksums = lambda *given, **named: 0
    extraction.DATASETS = NARROW
    loop.extract = lambda *given, **named: extraction.extract(*given, **{**named, "only": ONLY})
    _execute(company, folder, plan_only=False)


def run(company: Path, folder: Path) -> None:
    """A whole run that plans and sends nothing; of dbt the seeds and models, the tests are others' work."""
    from tieout.build import Books

    invoke = Books._invoke

    def without_tests(books: Books, arguments: list[str]) -> int:
        return invoke(books, [*arguments, "--exclude-resource-type", "test"]) if arguments[0] == "build" else 0

    Books._invoke = without_tests  # type: ignore[method-assign]
    Books._statements = lambda books: None  # type: ignore[method-assign]
    _execute(company, folder, plan_only=True)


def _execute(company: Path, folder: Path, *, plan_only: bool) -> None:
    from rich.console import Console

    from tieout import run as loop
    from tieout import settings
    from tieout.progress import RunProgress

    os.environ["TIEOUT_DATA_DIR"] = str(folder / "data")
    with opened(company, folder / f"vendors-{os.getpid()}") as vendors, RunProgress(Console(stderr=True)) as progress:
        loop.open_clients = lambda settings: vendors.clients()
        overlay = {**vendors.environment, "COMPANY__TIME_ZONE": "Europe/Berlin"}
        loop.execute(
            settings.load(settings.SANDBOX, overlay),
            as_of=AS_OF,
            now=lambda: datetime.now(UTC),
            progress=progress,
            plan_only=plan_only,
        )


TASKS = {"land": land, "books": books, "run": run}


def _parse_project(folder: Path) -> None:
    """Parses the dbt project for all processes to come."""
    from tieout import settings
    from tieout.build import Books

    os.environ["TIEOUT_DATA_DIR"] = str(folder)
    parsed = Books(settings.load(settings.SANDBOX, {}))
    parsed._runner()
    runner = Books._runner

    def with_manifest(books: Books) -> Any:
        books._manifest = books._manifest or parsed._manifest
        return runner(books)

    Books._runner = with_manifest  # type: ignore[method-assign]


def _child(told: dict[str, Any], said: Path) -> None:
    code = 1
    try:
        with said.open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        if told["kill"]:
            armed(**told["kill"])
        TASKS[told["task"]](Path(told["company"]), Path(told["folder"]))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """See the module; the argument is a folder for its own files."""
    folder = Path(sys.argv[1])
    _parse_project(folder)
    _targets()
    for number, line in enumerate(sys.stdin):
        said = folder / f"said-{number}.txt"
        if threading.active_count() > 1:
            raise RuntimeError(f"a process with threads must not be forked: {threading.enumerate()}")
        child = os.fork()
        if child == 0:
            _child(json.loads(line), said)
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status), "said": said.read_text()[-6000:]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
