"""`tieout publish` and `tieout build` ask nobody: what they publish says for which day, and how old it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from reverse_etl.operations import OperationsStore
from tieout import publish
from tieout.errors import SettingsError, TieoutError
from tieout.republish import PART, last_asked, republish
from tieout.settings import Paths, Settings

NOON = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
BUILT_FOR = date(2026, 4, 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings("live", Paths(tmp_path / "data"), lambda _: None)
    made.paths.landing.mkdir(parents=True)
    return made


def _built(settings: Settings, *, state: str | None = "built-1") -> None:
    with duckdb.connect(str(settings.paths.work)) as connection:
        connection.execute("create schema raw_operations")
        connection.execute("create table raw_operations.run_parameters as select ? as as_of_date", [BUILT_FOR])
        connection.execute("create table raw_operations.build_state (state varchar)")
        if state is not None:
            connection.execute("insert into raw_operations.build_state values (?)", [state])


def _ran(settings: Settings, *runs: tuple[str, int, str]) -> None:
    store = OperationsStore(f"sqlite:///{settings.paths.operations}")
    for run_id, hours_later, status in runs:
        began = NOON + timedelta(hours=hours_later)
        store.start_run(run_id, started_at=began, profile="live", as_of=BUILT_FOR)
        store.finish_run(run_id, finished_at=began + timedelta(minutes=1), status=status, exit_code=0)
    store.close()


def test_a_snapshot_stands_for_the_day_it_was_built_for_and_is_as_old_as_the_last_reading(settings: Settings) -> None:
    _built(settings)
    _ran(settings, ("run-1", 0, "done"), ("build-2", 5, "done"))

    published = republish(settings, as_of=None)

    assert (published.as_of, published.verified_at) == ("2026-04-10", NOON)
    found = publish.current(settings.paths)
    assert found is not None
    assert (found.as_of, found.verified_at, found.state) == ("2026-04-10", NOON, "built-1")


def test_books_are_not_passed_off_as_those_of_another_day(settings: Settings) -> None:
    _built(settings)
    _ran(settings, ("run-1", 0, "done"))
    with pytest.raises(SettingsError, match="built for 2026-04-10; `tieout build --as-of 2026-04-11`"):
        republish(settings, as_of=date(2026, 4, 11))


def test_books_whose_build_was_killed_or_failed_are_not_published(settings: Settings) -> None:
    _built(settings, state=None)
    with pytest.raises(TieoutError, match="did not end well"):
        republish(settings, as_of=None)
    assert publish.current(settings.paths) is None


def test_nothing_to_publish_is_said_before_anything_is_made(settings: Settings) -> None:
    with pytest.raises(TieoutError, match="does not exist yet"):
        republish(settings, as_of=None)
    assert not settings.paths.operations.exists()


@pytest.mark.parametrize(
    "later",
    [("build-9", 3, "done"), (f"{PART}9", 3, "done"), ("run-9", 3, "failed"), ("extract-9", 3, "failed")],
    ids=["asked nobody", "asked for some tables", "failed on the way", "failed extraction"],
)
def test_only_a_whole_reading_that_ended_makes_books_younger(settings: Settings, later: tuple[str, int, str]) -> None:
    _ran(settings, ("run-1", 0, "done"), ("extract-2", 1, "done"), later)
    assert last_asked(settings) == NOON + timedelta(hours=1)


def test_without_a_run_history_the_newest_landing_file_tells(settings: Settings) -> None:
    folder = settings.paths.landing / "atlar" / "accounts"
    folder.mkdir(parents=True)
    (folder / "1.parquet").touch()
    assert last_asked(settings) == datetime.fromtimestamp((folder / "1.parquet").stat().st_mtime, UTC)
