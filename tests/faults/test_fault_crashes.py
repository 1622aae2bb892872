"""Promise 8: a process killed anywhere in landing, loading, building or publishing leaves nothing to be mended by hand.

Faults: SIGKILL before and after chosen calls, seeded. Afterwards the next run holds what a clean run holds, and
whoever read meanwhile saw the old figures or the new ones.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from canaries import credentials, found_in, ibans
from counts import FULL, seeds
from crashing import NARROW, ONLY
from landed import AS_OF, landing_in
from vendors import opened

from pipelines import extract as extraction
from sandbox.state import DataDirectory
from sandbox.store import Store

ROOT = Path(__file__).resolve().parents[2]
LANDING_POINTS = ("a landing file", "normalize", "a statement of the load", "load")

pytestmark = pytest.mark.xdist_group("faults")


@dataclass(frozen=True)
class Process:
    """How a process ended."""

    code: int
    said: str

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


def process(task: str, company: Path, folder: Path, **kill: Any) -> Process:
    """Runs `crashing.py` to its end, whichever that is."""
    told = {"task": task, "company": str(company), "folder": str(folder), "kill": kill or None}
    environment = {**os.environ, "TIEOUT_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("crashing.py")), json.dumps(told)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
        env=environment,
    )
    return Process(done.returncode, done.stdout[-2000:] + done.stderr[-4000:])


def raw(work_path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every version in every raw table, without what differs from run to run (when and from which file)."""
    with duckdb.connect(str(work_path), read_only=True) as work:
        tables = work.sql(
            "select table_schema, table_name from information_schema.tables where table_schema = 'raw_atlas_etrm' "
            "and table_name not like '\\_dlt%' escape '\\' order by all"
        ).fetchall()
        return {
            name: work.sql(f'select id, _fingerprint, _is_deleted from "{schema}"."{name}" order by all').fetchall()
            for schema, name in tables
        }


def next_run(company: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    """Lands and loads, undisturbed, and reads the work file."""
    monkeypatch.setattr(extraction, "DATASETS", NARROW)
    landing = landing_in(folder)
    with opened(company, folder / "vendors-after") as vendors:
        extraction.extract(vendors.clients(), landing, as_of=AS_OF, only=ONLY)
    return raw(landing.work_path)


@pytest.fixture(scope="module")
def undisturbed(company: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The raw tables of a run that nobody killed."""
    with pytest.MonkeyPatch.context() as patch:
        return next_run(company, tmp_path_factory.mktemp("undisturbed"), patch)


def kills() -> list[Any]:
    """One of each kind per build, with the number and the side drawn from the seed."""
    chosen = []
    for parameter in seeds(1, 30):
        seed = parameter.values[0]  # type: ignore[attr-defined]
        chance = random.Random(seed)
        for at in LANDING_POINTS:
            most = {"a landing file": 6, "a statement of the load": 8}.get(at, 1)
            number, when = chance.randint(1, most), chance.choice(["before", "after"])
            chosen.append(pytest.param(at, number, when, id=f"seed={seed}-{when} {at} {number}"))
    return chosen


@pytest.mark.parametrize(("at", "number", "when"), kills())
def test_a_landing_killed_anywhere_is_made_good_by_the_next(
    company: Path,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    number: int,
    when: str,
) -> None:
    killed = process("land", company, tmp_path, at=at, number=number, when=when)
    assert killed.was_killed, f"the point was never reached (exit {killed.code}):\n{killed.said}"
    assert next_run(company, tmp_path, monkeypatch) == undisturbed


def test_a_lost_work_file_is_rebuilt_from_landing_alone(
    company: Path,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    next_run(company, tmp_path, monkeypatch)
    landing = landing_in(tmp_path)
    landing.work_path.unlink()
    shutil.rmtree(landing.dlt_dir)
    extraction.load_backlog(landing)
    assert raw(landing.work_path) == undisturbed


# Killed in dbt and in publishing: whole runs.

_whole_runs_take_minutes = pytest.mark.skipif(not FULL, reason="whole runs: make faults (TIEOUT_FAULTS=full)")

NEW_NAME = "Stadtwerke Neuland GmbH"
MARTS = "select table_name from information_schema.tables where table_schema = 'marts' order by all"
NOT_OF_THE_WORLD = ("fct_runs", "fct_deliveries")


def figures(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart of the published warehouse, but for what tells of runs."""
    warehouse = (folder / "data" / "warehouse.duckdb").resolve(strict=True)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.sql(MARTS).fetchall() if name not in NOT_OF_THE_WORLD]
        return {name: connection.sql(f"select * from marts.{name} order by all").fetchall() for name in names}


@dataclass(frozen=True)
class Published:
    """A first run's folder and figures, and the same company after one customer changed its name."""

    folder: Path
    said: str
    figures: dict[str, list[tuple[Any, ...]]]
    company: Path


@pytest.fixture(scope="module")
def published(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Run once and never written to: tests copy it."""
    folder = tmp_path_factory.mktemp("published")
    done = process("run", company, folder)
    assert done.code == 0, done.said
    renamed = folder / "renamed"
    shutil.copytree(company, renamed)
    store = Store(DataDirectory(renamed).store("atlas_accounting"))
    customer = store.all("customers")[0]
    changed = {**customer, "name": NEW_NAME, "company_name": NEW_NAME, "updated_at": "2026-04-10T08:00:01+00:00"}
    store.put("customers", customer["id"], changed)
    store.close()
    yield Published(folder, done.said, figures(folder), renamed)


def whole_runs() -> list[Any]:
    points = [("a model of dbt", number, "after") for number in (1, 10, 40, 80, 120)]
    points += [(at, 1, when) for at in ("the copy", "the switch", "the note") for when in ("before", "after")]
    return [pytest.param(*point, id=f"{point[2]} {point[0]} {point[1]}") for point in points]


@_whole_runs_take_minutes
@pytest.mark.parametrize(("at", "number", "when"), whole_runs())
def test_a_run_killed_in_dbt_or_publishing_shows_old_or_new(
    published: Published, tmp_path: Path, at: str, number: int, when: str
) -> None:
    shutil.copytree(published.folder / "data", tmp_path / "data", symlinks=True)
    killed = process("run", published.company, tmp_path, at=at, number=number, when=when)
    assert killed.was_killed, f"the point was never reached (exit {killed.code}):\n{killed.said}"
    meanwhile = figures(tmp_path)
    is_new = (at, when) in {("the switch", "after"), ("the note", "before"), ("the note", "after")}
    assert (NEW_NAME in repr(meanwhile)) is is_new
    if not is_new:
        assert meanwhile == published.figures
    done = process("run", published.company, tmp_path)
    assert done.code == 0, done.said
    found = figures(tmp_path)
    assert NEW_NAME in repr(found)
    clean = tmp_path / "clean"
    assert process("run", published.company, clean).code == 0
    assert found == figures(clean)


@_whole_runs_take_minutes
def test_no_credential_and_no_iban_is_in_what_a_run_leaves_beside_its_books(
    published: Published, company: Path, tmp_path: Path
) -> None:
    """Promise 32: what it prints, dlt's folder, dbt's artifacts."""
    with opened(company, tmp_path / "vendors") as vendors:
        canaries = credentials(vendors) | ibans(vendors)
    assert found_in(published.said, canaries) == set()
    files = [file for part in ("dlt", "dbt") for file in (published.folder / "data" / part).rglob("*")]
    beside = [file for file in files if file.is_file() and file.suffix != ".parquet"]
    assert beside
    for file in beside:
        assert found_in(file.read_bytes().decode("latin-1"), canaries) == set(), file.name
