"""Promise 8: a process killed anywhere in landing, loading, building or publishing leaves nothing to be mended by hand.

Faults: SIGKILL before and after chosen calls, seeded, up to three in a row. Afterwards the next run holds what an
undisturbed one holds, and whoever read meanwhile saw the old figures or the new ones.
"""

from __future__ import annotations

import random
import shutil
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
from processes import Ended, Zygote
from vendors import opened

from pipelines import extract as extraction
from sandbox.state import DataDirectory
from sandbox.store import Store

LANDING_POINTS = ("a landing file", "normalize", "a statement of the load", "load")

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """Where processes to be killed come from."""
    found = Zygote(tmp_path_factory.mktemp("zygote"))
    yield found
    found.close()


def tables(database: Path, schema: str, columns: str = "*", without: tuple[str, ...] = ()) -> Rows:
    """Every table of a schema, rows in order."""
    with duckdb.connect(str(database.resolve(strict=True)), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = ? "
            "and not starts_with(table_name, '_dlt') order by all",
            [schema],
        ).fetchall()
        return {
            name: connection.sql(f'select {columns} from "{schema}"."{name}" order by all').fetchall()
            for (name,) in names
            if name not in without
        }


def raw(database: Path) -> Rows:
    """Every version in every raw table, without what differs from run to run (when and from which file)."""
    return tables(database, "raw_atlas_etrm", "id, _fingerprint, _is_deleted")


# Killed in a first landing.


def next_run(company: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """Lands and loads, undisturbed, and reads the work file."""
    monkeypatch.setattr(extraction, "DATASETS", NARROW)
    landing = landing_in(folder)
    with opened(company, folder / "vendors-after") as vendors:
        extraction.extract(vendors.clients(), landing, as_of=AS_OF, only=ONLY)
    return raw(landing.work_path)


@pytest.fixture(scope="module")
def undisturbed(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
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
    zygote: Zygote,
    company: Path,
    tmp_path: Path,
    undisturbed: Rows,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    number: int,
    when: str,
) -> None:
    assert_killed(zygote.run("land", company, tmp_path, at=at, number=number, when=when))
    assert next_run(company, tmp_path, monkeypatch) == undisturbed


def assert_killed(ended: Ended) -> None:
    assert ended.was_killed, f"the point was never reached (exit {ended.code}):\n{ended.said}"


def test_a_lost_work_file_is_rebuilt_from_landing_alone(
    company: Path, tmp_path: Path, undisturbed: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_run(company, tmp_path, monkeypatch)
    landing = landing_in(tmp_path)
    landing.work_path.unlink()
    shutil.rmtree(landing.dlt_dir)
    extraction.load_backlog(landing)
    assert raw(landing.work_path) == undisturbed


# Killed again and again in the run after a first one.

STAGES: tuple[tuple[tuple[str, int], ...], ...] = (
    (("a landing file", 6),),
    (("an insert", 3),),
    (("the note of a load", 1), ("the commit", 1)),
    (("an event of dbt", 20), ("the mark of complete books", 2)),
    (("the copy", 1), ("the switch", 1), ("the note", 1)),
)
"""The points of each stage, in the order a run comes to them, and how often each is passed at least."""

CHANGES = {
    "orders": {"description": "Neuland"},
    "order_items": {"dealName": "Neuland"},
    "counterparties": {"legalName": "Stadtwerke Neuland GmbH"},
}


@dataclass(frozen=True)
class First:
    """A first run's folder, and the same company after a record of each table changed."""

    folder: Path
    company: Path
    old: Rows
    new: Rows
    raw: Rows
    """Of the second run, undisturbed."""


def books(folder: Path) -> Rows:
    """What a reader of the published warehouse finds in the models, but for when and from which file it landed."""
    lasting = "columns(name -> name not in ('landed_at', 'landing_file'))"
    return tables(folder / "data" / "warehouse.duckdb", "staging", lasting)


@pytest.fixture(scope="module")
def first(zygote: Zygote, company: Path, tmp_path_factory: pytest.TempPathFactory) -> First:
    """Run once and never written to: tests copy it."""
    folder = tmp_path_factory.mktemp("first")
    done = zygote.run("books", company, folder)
    assert done.code == 0, done.said
    changed = folder / "changed"
    shutil.copytree(company, changed)
    store = Store(DataDirectory(changed).store("atlas_etrm"))
    for table, members in CHANGES.items():
        record = store.all(table)[0]
        store.put(table, record["id"], {**record, **members})
    store.close()
    second = folder / "second"
    shutil.copytree(folder / "data", second / "data", symlinks=True)
    done = zygote.run("books", changed, second)
    assert done.code == 0, done.said
    return First(folder, changed, books(folder), books(second), raw(second / "data" / "work.duckdb"))


def sequences() -> list[Any]:
    """Three kills in a row each, no two in one stage, every stage as often as any other."""
    chosen = []
    for parameter in seeds(9, 90):
        seed = parameter.values[0]  # type: ignore[attr-defined]
        chance = random.Random(seed)
        row = []
        for stage in sorted((3 * seed + step) % len(STAGES) for step in range(3)):
            at, most = chance.choice(STAGES[stage])
            row.append((at, chance.randint(1, most), chance.choice(["before", "after"])))
        names = ", ".join(f"{when} {at} {number}" for at, number, when in row)
        chosen.append(pytest.param(row, id=f"seed={seed}-{names}"))
    return chosen


@pytest.mark.parametrize("row", sequences())
def test_a_run_killed_again_and_again_shows_old_or_new_and_ends_as_if_never_killed(
    zygote: Zygote, first: First, tmp_path: Path, row: list[tuple[str, int, str]]
) -> None:
    shutil.copytree(first.folder / "data", tmp_path / "data", symlinks=True)
    is_switched = False
    for at, number, when in row:
        assert_killed(zygote.run("books", first.company, tmp_path, at=at, number=number, when=when))
        is_switched = is_switched or (at, when) == ("the switch", "after") or at == "the note"
        assert books(tmp_path) == (first.new if is_switched else first.old)
    done = zygote.run("books", first.company, tmp_path)
    assert done.code == 0, done.said
    assert books(tmp_path) == first.new != first.old
    assert raw(tmp_path / "data" / "work.duckdb") == first.raw


# Killed in whole runs.

_whole_runs_take_minutes = pytest.mark.skipif(not FULL, reason="whole runs: make faults (TIEOUT_FAULTS=full)")

NEW_NAME = "Stadtwerke Neuland GmbH"
NOT_OF_THE_WORLD = ("fct_runs", "fct_deliveries")
WHEN_TIEOUT_LEARNED = ("known_from", "known_to", "known_from_date", "known_to_date", "recorded_at", "closed_since")


def figures(folder: Path) -> Rows:
    """Every mart of the published warehouse, but for what tells of runs, and when one of them learned a figure."""
    lasting = f"columns(name -> name not in {WHEN_TIEOUT_LEARNED})"
    return tables(folder / "data" / "warehouse.duckdb", "marts", lasting, without=NOT_OF_THE_WORLD)


@dataclass(frozen=True)
class Published:
    """A first whole run's folder and figures, and the same company after one customer changed its name."""

    folder: Path
    said: str
    old: Rows
    company: Path
    new: Rows
    """Of a second run over that company, undisturbed."""


@pytest.fixture(scope="module")
def published(zygote: Zygote, company: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Run once and never written to: tests copy it."""
    folder = tmp_path_factory.mktemp("published")
    done = zygote.run("run", company, folder)
    assert done.code == 0, done.said
    renamed = folder / "renamed"
    shutil.copytree(company, renamed)
    store = Store(DataDirectory(renamed).store("atlas_accounting"))
    unlinked = [each for each in store.all("customers") if each["id"] in repr(figures(folder)["dim_counterparties"])]
    customer = unlinked[0]
    told = {"name": NEW_NAME, "display_name": NEW_NAME, "updated_at": "2026-04-10T08:00:01+00:00"}
    store.put("customers", customer["id"], {**customer, **told})
    store.close()
    second = folder / "second"
    shutil.copytree(folder / "data", second / "data", symlinks=True)
    done = zygote.run("run", renamed, second)
    assert done.code == 0, done.said
    assert NEW_NAME in repr(figures(second))
    return Published(folder, done.said, figures(folder), renamed, figures(second))


def whole_runs() -> list[Any]:
    points = [("an event of dbt", number, "after") for number in (1, 10, 100, 300)]
    points += [(at, 1, when) for at in ("the copy", "the switch", "the note") for when in ("before", "after")]
    return [pytest.param(*point, id=f"{point[2]} {point[0]} {point[1]}") for point in points]


@_whole_runs_take_minutes
@pytest.mark.parametrize(("at", "number", "when"), whole_runs())
def test_a_whole_run_killed_in_dbt_or_publishing_shows_old_or_new(
    zygote: Zygote, published: Published, tmp_path: Path, at: str, number: int, when: str
) -> None:
    shutil.copytree(published.folder / "data", tmp_path / "data", symlinks=True)
    assert_killed(zygote.run("run", published.company, tmp_path, at=at, number=number, when=when))
    is_new = (at, when) in {("the switch", "after"), ("the note", "before"), ("the note", "after")}
    assert figures(tmp_path) == (published.new if is_new else published.old)
    done = zygote.run("run", published.company, tmp_path)
    assert done.code == 0, done.said
    assert figures(tmp_path) == published.new


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
