"""Publishing: a reader sees the old figures or the new ones, never an error and never a mixture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tieout import publish
from tieout.errors import TieoutError
from tieout.settings import Paths

NOON = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)


def _write(paths: Paths, value: int) -> None:
    paths.data_dir.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(paths.work)) as connection:
        connection.execute("create or replace table figures as select ? as value", [value])


def _read(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select value from figures").fetchone()
    assert row is not None
    return int(row[0])


def test_a_reader_that_holds_the_warehouse_keeps_its_figures_and_the_next_sees_new_ones(
    tmp_path: Path,
) -> None:
    paths = Paths(tmp_path / "data")
    _write(paths, 1)
    publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
    with duckdb.connect(str(paths.warehouse.resolve()), read_only=True) as reader:
        _write(paths, 2)
        second = publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
        assert reader.execute("select value from figures").fetchone() == (1,)
        assert second.number == 2
    assert _read(paths.warehouse.resolve()) == 2


def test_the_last_snapshots_are_kept_and_numbers_never_return(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    for value in range(1, 9):
        _write(paths, value)
        publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
    assert sorted(publish.snapshot_numbers(paths)) == [4, 5, 6, 7, 8]
    assert [_read(paths.snapshots / f"warehouse_{number}.duckdb") for number in (4, 8)] == [4, 8]


def test_a_copy_left_by_a_killed_publisher_is_neither_used_nor_kept(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    _write(paths, 1)
    publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
    (paths.snapshots / "warehouse_2.partial").write_bytes(b"half a file")
    assert _read(paths.warehouse.resolve()) == 1
    publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
    assert not list(paths.snapshots.glob("*.partial"))


def test_a_run_that_found_nothing_new_says_until_when_the_snapshot_holds(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    assert publish.verified(paths, now=NOON) is None
    _write(paths, 1)
    publish.publish(paths, as_of="2026-04-10", verified_at=NOON)
    later = NOON.replace(hour=18)
    publish.verified(paths, now=later)
    found = publish.current(paths)
    assert found is not None
    assert (found.number, found.as_of, found.verified_at) == (1, "2026-04-10", later)


def test_books_built_by_a_run_that_was_killed_before_publishing_are_not_taken_for_the_snapshot(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    _write(paths, 1)
    publish.publish(paths, as_of="2026-04-10", verified_at=NOON, state="built-1")
    assert publish.verified(paths, now=NOON, state="built-1") is not None
    assert publish.verified(paths, now=NOON, state="built-2") is None


def test_nothing_to_publish_is_said(tmp_path: Path) -> None:
    with pytest.raises(TieoutError, match="nothing to publish"):
        publish.publish(Paths(tmp_path), as_of="2026-04-10", verified_at=NOON)
