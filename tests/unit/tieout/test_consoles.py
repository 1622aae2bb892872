"""A terminal shows what a record says: no `:100:` becomes a picture, no `[lines]` of a vendor's reason vanishes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

import tieout
from reverse_etl.plan_items import Plan
from reverse_etl.plan_store import Approval
from tieout.commands.printing import writing
from tieout.errors import SettingsError
from tieout.report import plan as report
from tieout.report.figures import Figures, Hold
from tieout.report.plan_view import PlanView
from tieout.report.summary import held_lines
from tieout.report.whole import print_table

MADE = re.compile(r"\bConsole\([^)]*\)")


def test_no_console_turns_colons_into_pictures() -> None:
    rooms = Path(tieout.__file__).parent
    made = [(file.name, call) for file in sorted(rooms.rglob("*.py")) for call in MADE.findall(file.read_text())]
    assert len(made) > 20
    assert [(file, call) for file, call in made if "emoji=False" not in call] == []


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "shadow.csv"
    with (
        pytest.raises(SettingsError, match=r"--csv .*shadow\.csv cannot be written: No such file"),
        writing("--csv", path),
    ):
        path.write_text("x")


EVIL = "[lines] must be [/positive] :100:"


def test_what_vendors_and_people_say_is_printed_as_it_is() -> None:
    at = datetime(2026, 4, 10, 12, tzinfo=UTC)
    figures = Figures(0, {}, (Hold("sign_conflict", 2, f"order {EVIL}", EVIL),), {}, (), (), (), 0)
    aside = [{"state": "held", "sync": "sync_x", "record": "order:100", "label": "it", "reason": EVIL}]
    approval = Approval("a-1", "plan-1", "hash", None, "bert", EVIL, at, at, None)
    view = PlanView(Plan(()), "plan-1", aside, "anna", at, (approval,), held=held_lines(figures))
    written = StringIO()
    report.show(view, Console(file=written, width=300, emoji=False), sync=None, record=None, limit=0)
    lines = written.getvalue().splitlines()
    assert sum(EVIL in line for line in lines) == 3
    assert any("2 sign_conflict" in line and line.count(EVIL) == 2 for line in lines)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_where_a_program_reads_a_table_no_name_is_folded(is_terminal: bool) -> None:
    table = Table("sync", "amount", box=None, pad_edge=False)
    table.add_row("sync_atlas_accounting__journal_entry_posts", "4,275,012.06 EUR")
    told = StringIO()
    console = Console(file=told, width=40, force_terminal=is_terminal, no_color=True, emoji=False)
    print_table(console, table)
    assert ("sync_atlas_accounting__journal_entry_posts" in told.getvalue()) is not is_terminal
    assert console.width == 40
