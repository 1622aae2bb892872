"""Prints what a run did, for a clerk: landed, booked, held and why, open items, sent, tied out, where to look.

In: a `RunOutcome`. Out: text on a rich console, or the JSON document of DESIGN section 4.
What does not belong here: reading or computing a figure.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tieout.amounts import money
from tieout.outcome import RunOutcome
from tieout.progress import TITLES
from tieout.report.figures import AGING_COLUMNS, Aging, Figures

AGING_TITLES = (
    "not due",
    "1-30 days",
    "31-60",
    "61-90",
    "91-120",
    "over 120",
    "- credits",
    "= balance",
)

NOTHING_DUE = "nothing: every system already holds what the books say"

TRY = (
    "select customer_code, currency_code, balance, days_1_30, days_over_120"
    " from marts.fct_receivables_aging order by balance desc limit 5"
)


def as_json(outcome: RunOutcome) -> dict[str, Any]:
    """Returns the document of `run --json` (DESIGN section 4), with a few additions."""
    figures = outcome.figures
    return {
        "run_id": outcome.run_id,
        "as_of": outcome.as_of.isoformat(),
        "landed": dict(sorted(outcome.landed.items())),
        "requests": dict(sorted(outcome.requests.items())),
        "journal_entries": figures.journal_entries if figures else 0,
        "held": figures.held if figures else {},
        "quarantined": figures.quarantined if figures else 0,
        "planned": outcome.planned,
        "sent": outcome.sent,
        "rejected": outcome.rejected,
        "unknown": outcome.unknown,
        "tie_outs": {control.name: not control.is_red for control in figures.tie_outs} if figures else {},
        "snapshot": str(outcome.snapshot) if outcome.snapshot else None,
        "seconds": {step: round(spent, 3) for step, spent in outcome.seconds.items()},
        "rounds": outcome.rounds,
        "awaiting_approval": outcome.awaiting_approval,
        "refused": list(outcome.refused),
        "sent_by_sync": dict(outcome.sent_by_sync),
        "findings": list(outcome.findings),
        "exit_code": int(outcome.exit_code),
    }


def show(outcome: RunOutcome, console: Console) -> None:
    """Prints the summary."""
    console.print()
    console.rule(f"[bold]Tieout · {outcome.profile} · as of {outcome.as_of}", align="left")
    _landed(outcome, console)
    if outcome.figures is not None:
        _booked(outcome.figures, console)
        _open_items(outcome.figures, console)
    _sent(outcome, console)
    if outcome.figures is not None:
        _tied(outcome.figures, console)
    _where(outcome, console)


def command() -> str:
    """Returns how to type `tieout` here: its name where the shell finds it, else its path."""
    if shutil.which("tieout"):
        return "tieout"
    return _near(Path(sys.executable).with_name("tieout"))


def _near(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _landed(outcome: RunOutcome, console: Console) -> None:
    parts = []
    for system, requests in sorted(outcome.requests.items()):
        rows = sum(count for table, count in outcome.landed.items() if table.startswith(f"{system}."))
        parts.append(f"{TITLES.get(system, system)} {rows:,} changes in {requests:,} requests")
    _line(console, "Landed", " · ".join(parts) or "nothing")
    for finding in outcome.findings:
        _line(console, "", f"[yellow]{escape(finding)}[/]")


def _booked(figures: Figures, console: Console) -> None:
    states = ", ".join(f"{count:,} {state}" for state, count in figures.entries_by_status.items())
    _line(console, "Entries", f"{figures.journal_entries:,} journal entries, each balanced to 0.00 ({states})")
    total = sum(figures.held.values())
    _line(console, "Held", f"{total:,} records wait for a person" if total else "nothing")
    for line in held_lines(figures):
        _line(console, "", line)
    if figures.quarantined:
        _line(
            console,
            "Quarantine",
            f"[yellow]{figures.quarantined:,} records could not be read[/]; see tieout status",
        )


def held_lines(figures: Figures) -> list[str]:
    """Returns a line of markup per reason for which records are held: how many, why, one of them."""
    return [
        f"[yellow]{hold.count:>3} {hold.code}[/]  e.g. {escape(hold.example)}: {escape(hold.message)}"
        for hold in figures.holds
    ]


def _open_items(figures: Figures, console: Console) -> None:
    for title, agings in (("Receivables", figures.receivables), ("Payables", figures.payables)):
        console.print(_aging_table(title, agings))


def _aging_table(title: str, agings: Iterable[Aging]) -> Table:
    """A column per currency: amounts keep all their digits within eighty characters."""
    agings = list(agings)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(title, header_style="bold", min_width=11)
    for aging in agings:
        table.add_column(aging.currency_code, justify="right", no_wrap=True)
    for name, caption in zip(AGING_COLUMNS, AGING_TITLES, strict=True):
        style = "bold" if name == "balance" else ""
        table.add_row(caption, *(money(aging.amounts[name], aging.minor_units) for aging in agings), style=style)
    return table


def _sent(outcome: RunOutcome, console: Console) -> None:
    if outcome.refused_before:
        _line(console, "", f"[red]{outcome.refused_before:,} refused before[/] and unchanged since; see tieout status")
    if outcome.unresolved:
        _line(console, "", f"[red]{outcome.unresolved:,} of unknown effect[/]; looked up again at the next run")
    for refused in outcome.refused[:10]:
        _line(console, "", f"[red]not sent[/] {escape(refused)}")
    if len(outcome.refused) > 10:
        _line(console, "", f"… {len(outcome.refused):,} in all; see tieout plan PLAN")
    if outcome.withheld:
        _line(console, "Sent", "nothing: the push is withheld until the red control is mended or accepted")
        return
    if not outcome.planned and (outcome.refused or outcome.awaiting_approval):
        waits = (
            f"; {outcome.awaiting_approval:,} await approval: tieout plan latest" if outcome.awaiting_approval else ""
        )
        _line(console, "Sent", f"nothing{waits}")
        return
    if not outcome.planned:
        _line(console, "Sent", "nothing" if outcome.refused_before or outcome.unresolved else NOTHING_DUE)
        return
    waits = f", {outcome.awaiting_approval:,} await approval" if outcome.awaiting_approval else ""
    _line(
        console,
        "Sent",
        f"{outcome.sent:,} writes in {outcome.rounds} rounds, {outcome.rejected:,} rejected,"
        f" {outcome.unknown:,} unknown{waits}",
    )
    for sync, count in outcome.sent_by_sync.items():
        _line(console, "", f"{count:>5,} {_sync_title(sync)}")
    for rejection in outcome.rejections[:10]:
        _line(console, "", f"[red]rejected[/] {escape(rejection)}")


def _sync_title(sync: str) -> str:
    destination, _, what = sync.removeprefix("sync_").removeprefix("undo_").partition("__")
    back = ", taken back" if sync.startswith("undo_") else ""
    return f"{TITLES.get(destination, destination)}: {what.replace('_', ' ')}{back}"


def _tied(figures: Figures, console: Console) -> None:
    red = figures.red
    accepted = sum(control.accepted for control in figures.tie_outs)
    passed = f"{len(figures.tie_outs) - len(red)} of {len(figures.tie_outs)} controls tie to 0.00"
    note = f", {accepted} difference{'s' * (accepted != 1)} accepted by name" if accepted else ""
    _line(console, "Tie-outs", f"[{'red' if red else 'green'}]{passed}[/]{note}")
    for control in red:
        _line(
            console,
            "",
            f"[red]{control.name}[/]: {control.untied} differ, worst {control.worst_scope}"
            f" by {money(control.worst_difference)}; the push is withheld",
        )


def _where(outcome: RunOutcome, console: Console) -> None:
    if outcome.warehouse is not None:
        _line(console, "Warehouse", f"{_near(outcome.warehouse)} (snapshot {outcome.snapshot_number})")
        option = " --sandbox" if outcome.profile == "sandbox" else ""
        _line(console, "Try", f'{command()}{option} sql "{TRY}"')
    _line(console, "Took", " · ".join(f"{step} {spent:.1f} s" for step, spent in outcome.seconds.items()))


def _line(console: Console, title: str, text: str) -> None:
    console.print(f"[bold]{title:<11}[/] {text}", highlight=False, soft_wrap=True)
