"""The sandbox's time: it runs, it can be moved, and it stands still while no sandbox runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clock import RESUME_MARGIN, SandboxClock

AS_OF = date(2026, 4, 10)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_starts_at_eight_and_runs() -> None:
    seconds = Seconds()
    clock = SandboxClock(AS_OF, monotonic=seconds)
    assert clock.now() == datetime(2026, 4, 10, 8, tzinfo=UTC)
    seconds.now = 90.5
    assert clock.now() == datetime(2026, 4, 10, 8, 1, 30, 500_000, tzinfo=UTC)
    clock.advance(86_400)
    assert clock.today() == date(2026, 4, 11)


def test_it_does_not_go_back_by_advancing_but_may_be_set_to_a_historic_instant() -> None:
    clock = SandboxClock(AS_OF, monotonic=Seconds())
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    clock.set(date(2025, 2, 1))
    assert clock.now() == datetime(2025, 2, 1, 8, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2025, 2, 1))


def test_it_resumes_where_it_was_saved_and_never_before(tmp_path: Path) -> None:
    seconds = Seconds()
    clock = SandboxClock(AS_OF, path=tmp_path / "clock.json", monotonic=seconds)
    clock.advance(3600)
    seconds.now += 10
    clock.save()
    later = Seconds()
    later.now = 99_999.0
    resumed = SandboxClock(AS_OF, path=tmp_path / "clock.json", monotonic=later)
    assert resumed.now() == clock.now() + RESUME_MARGIN


def test_held_it_shows_the_same_instants_however_long_the_work_takes() -> None:
    seconds = Seconds()
    clock = SandboxClock(AS_OF, monotonic=seconds)
    with clock.held():
        clock.set(date(2025, 3, 1))
        seconds.now += 17
        assert clock.now() == datetime(2025, 3, 1, 8, tzinfo=UTC)
        clock.advance(5)
    assert clock.now() == datetime(2025, 3, 1, 8, 0, 5, tzinfo=UTC)
    seconds.now += 1
    assert clock.now() - datetime(2025, 3, 1, 8, 0, 5, tzinfo=UTC) == timedelta(seconds=1)
