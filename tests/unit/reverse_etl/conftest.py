"""A store, a log per run, and vendors to write to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from write_back_desk import Desk

from reverse_etl.operations import OperationsStore


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = OperationsStore(tmp_path / "state" / "operations.sqlite")
    yield Desk(store)
    store.close()
