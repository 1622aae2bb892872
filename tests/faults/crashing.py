"""A landing or a whole run in a process of its own that kills itself, as `kill -9` would, at a chosen point.

In: one argument, a JSON object: `task` (land | run), `company`, `folder`, `kill` ({"at": a name of POINTS or null,
"number": which time}). Out: exit by SIGKILL at the point, or 0 where it was never reached.
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

    from tieout import publish
    from tieout.build import Books

    return {
        "a landing file": (os, "fsync"),
        "normalize": (Pipeline, "normalize"),
        "load": (Pipeline, "load"),
        "a statement of the load": (DuckDbSqlClient, "execute_query"),
        "a model of dbt": (Books, "_on_event"),
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


def run(company: Path, folder: Path) -> None:
    """A whole run that plans and sends nothing; of dbt the seeds and models, the tests are others' work."""
    from rich.console import Console

    from tieout import run as loop
    from tieout import settings
    from tieout.build import Books
    from tieout.progress import RunProgress

    invoke = Books._invoke

    def without_tests(books: Books, arguments: list[str]) -> int:
        return invoke(books, [*arguments, "--exclude-resource-type", "test"]) if arguments[0] == "build" else 0

    Books._invoke = without_tests  # type: ignore[method-assign]
    with opened(company, folder / f"vendors-{os.getpid()}") as vendors, RunProgress(Console(stderr=True)) as progress:
        loop.open_clients = lambda settings: vendors.clients()
        overlay = {**vendors.environment, "COMPANY__TIME_ZONE": "Europe/Berlin"}
        loop.execute(
            settings.load(settings.SANDBOX, overlay),
            as_of=AS_OF,
            now=lambda: datetime.now(UTC),
            progress=progress,
            plan_only=True,
        )


def main() -> None:
    """See the module."""
    told = json.loads(sys.argv[1])
    if told["kill"]:
        armed(**told["kill"])
    {"land": land, "run": run}[told["task"]](Path(told["company"]), Path(told["folder"]))


if __name__ == "__main__":
    main()
