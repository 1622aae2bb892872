"""The summary of a run says what was sent, and why where nothing was."""

from __future__ import annotations

from datetime import date
from io import StringIO

from rich.console import Console

from tieout.outcome import RunOutcome
from tieout.report import summary


def _told(outcome: RunOutcome) -> str:
    console = Console(file=StringIO(), width=120, emoji=False)
    summary.show(outcome, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _outcome() -> RunOutcome:
    return RunOutcome(run_id="run-1", profile="live", as_of=date(2026, 4, 10))


def test_a_withheld_push_is_not_called_a_push_that_nobody_needed() -> None:
    outcome = _outcome()
    outcome.withheld = True
    told = _told(outcome)
    assert "nothing: the push is withheld until the red control is mended or accepted" in told
    assert summary.NOTHING_DUE not in told


def test_nothing_due_is_said_where_nothing_was_withheld() -> None:
    assert summary.NOTHING_DUE in _told(_outcome())


def test_what_an_undo_took_back_bears_the_vendors_name() -> None:
    outcome = _outcome()
    outcome.planned = outcome.sent = 1
    outcome.sent_by_sync["undo_atlas_etrm__order_erp_codes"] = 1
    assert "1 ATLAS ETRM: order erp codes, taken back" in _told(outcome)
