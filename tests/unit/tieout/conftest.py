"""A desk to type commands at."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_desk import CommandDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandDesk:
    return CommandDesk(tmp_path / "data", monkeypatch)
