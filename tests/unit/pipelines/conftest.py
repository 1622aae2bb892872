"""A virtual clock, and a landing folder in a temporary directory, for the tests of the pipelines room."""

from __future__ import annotations

from pathlib import Path

import pytest
from virtual import Moments, VirtualClock

from pipelines.landing import Landing


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing", tmp_path / "work.duckdb", tmp_path / "dlt", Moments())
