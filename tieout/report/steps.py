"""Prints what an extraction or a build did: per system what was new, asked, set aside; the controls; what to do next.

In: an `Extraction` or a `RunOutcome`. Out: text on a rich console, or a JSON document.
What does not belong here: doing either.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tieout.amounts import money
from tieout.progress import TITLES

if TYPE_CHECKING:
    from pipelines.extract import ExtractResult
    from tieout.outcome import RunOutcome
    from tieout.steps import Extraction


def extraction_json(done: Extraction) -> dict[str, Any]:
    """Returns the document of `extract --json`: names as in `run --json` where they mean the same."""
    result, retried = done.result, done.retried
    document: dict[str, Any] = {"run_id": done.run_id, "as_of": done.as_of.isoformat()}
    if result is not None:
        document |= {
            "landed": dict(sorted(result.rows.items())),
            "requests": dict(sorted(result.requests.items())),
            "quarantined": result.quarantined,
            "quarantined_by_system": dict(sorted(result.quarantined_by_system.items())),
            "findings": result.findings,
            "refused": done.refused,
            "seconds": {step: round(spent, 3) for step, spent in result.seconds.items()},
        }
    if retried is not None:
        document["retried"] = {
            "tried": retried.tried,
            "landed": dict(sorted(retried.landed.items())),
            "superseded": retried.superseded,
            "still_open": retried.still_open,
        }
    return document | {"open_in_quarantine": done.open_in_quarantine, "exit_code": int(done.exit_code)}


def show_extraction(done: Extraction, console: Console) -> None:
    """Prints what an extraction did."""
    console.print()
    console.rule(f"[bold]Tieout extract · {done.profile} · as of {done.as_of}", align="left")
    if done.result is not None:
        console.print(_systems(done.result))
        for finding in done.result.findings:
            _line(console, "Finding", f"[yellow]{escape(finding)}[/]")
    if done.retried is not None:
        retried = done.retried
        _line(
            console,
            "Retried",
            f"{retried.tried:,} quarantined records: {sum(retried.landed.values()):,} fit now and are landed,"
            f" {retried.superseded:,} had been overtaken, {retried.still_open:,} stay",
        )
        for table, count in sorted(retried.landed.items()):
            _line(console, "", f"{count:>5,} {table}")
    for line in done.refused:
        _line(console, "Refused", f"[red]{escape(line)}[/]")
    if done.open_in_quarantine:
        _line(console, "Quarantine", f"[yellow]{done.open_in_quarantine:,} records are open[/]; see tieout status")
    option = " --sandbox" if done.profile == "sandbox" else ""
    _line(console, "Next", f"tieout{option} build (no request), or tieout{option} run")
    _line(console, "Took", f"{done.seconds:.1f} s")


def _systems(result: ExtractResult) -> Table:
    changes: Counter[str] = Counter()
    for name, rows in result.rows.items():
        changes[name.partition(".")[0]] += rows
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("System")
    for column in ("changes", "requests", "quarantined", "seconds"):
        table.add_column(column, justify="right")
    for system in sorted(result.requests):
        spent = result.seconds.get(system)
        table.add_row(
            TITLES.get(system, system),
            f"{changes[system]:,}",
            f"{result.requests[system]:,}",
            f"{result.quarantined_by_system.get(system, 0):,}",
            "" if spent is None else f"{spent:.1f}",
        )
    table.add_row(
        "all", f"{changes.total():,}", f"{sum(result.requests.values()):,}", f"{result.quarantined:,}", "", style="bold"
    )
    return table


def show_build(outcome: RunOutcome, console: Console) -> None:
    """Prints what a build made."""
    console.print()
    console.rule(f"[bold]Tieout build · {outcome.profile} · as of {outcome.as_of}", align="left")
    if (figures := outcome.figures) is not None:
        _line(console, "Entries", f"{figures.journal_entries:,} journal entries")
        held = sum(figures.held.values())
        _line(console, "Held", f"{held:,} records wait for a person; see tieout status" if held else "nothing")
        red = figures.red
        told = f"{len(figures.tie_outs) - len(red)} of {len(figures.tie_outs)} controls tie to 0.00"
        _line(console, "Tie-outs", f"[{'red' if red else 'green'}]{told}[/]")
        for control in red:
            worst = f"worst {control.worst_scope} by {money(control.worst_difference)}"
            _line(console, "", f"[red]{control.name}[/]: {control.untied} differ, {worst}")
    _line(console, "Warehouse", f"{outcome.warehouse} (snapshot {outcome.snapshot_number})")
    _line(console, "Took", " · ".join(f"{step} {spent:.1f} s" for step, spent in outcome.seconds.items()))


def _line(console: Console, title: str, text: str) -> None:
    console.print(f"[bold]{title:<11}[/] {text}", highlight=False, soft_wrap=True)
