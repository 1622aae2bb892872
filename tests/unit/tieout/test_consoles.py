"""Text in a terminal is what a record says: no `:100:` of a held `order:100: …` becomes a picture."""

from __future__ import annotations

import re
from pathlib import Path

import tieout

MADE = re.compile(r"\bConsole\([^)]*\)")


def test_no_console_turns_colons_into_pictures() -> None:
    rooms = Path(tieout.__file__).parent
    made = [(file.name, call) for file in sorted(rooms.rglob("*.py")) for call in MADE.findall(file.read_text())]
    assert len(made) > 20
    assert [(file, call) for file, call in made if "emoji=False" not in call] == []
