"""Prints what the doctor found: per vendor reachability, endpoints, answers; last what has to be done.

In: examinations. Out: text on a rich console, or a JSON document. No secret and no full IBAN comes this far.
What does not belong here: asking anybody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tieout.doctor import verdict
from tieout.doctor.examination import Endpoint, Examination
from tieout.progress import TITLES
from tieout.report.whole import print_table

_SKEW_TO_MENTION = 5
"""Seconds; tokens and signatures bear that much."""

_STYLES = {"answers": "green", "not asked": "dim"}


def as_json(examinations: Sequence[Examination], profile: str) -> dict[str, Any]:
    """Returns everything, as one document."""
    return {
        "profile": profile,
        "exit_code": int(verdict(examinations)),
        "requests": {each.system: each.requests for each in examinations},
        "vendors": [{**asdict(each), "is_well": each.is_well} for each in examinations],
    }


def show(examinations: Sequence[Examination], profile: str, console: Console) -> None:
    """Prints the report."""
    for each in examinations:
        _vendor(each, profile, console)
    console.print()
    asked = sum(each.requests for each in examinations)
    problems = [line for each in examinations for line in _problems(each)]
    if not problems:
        console.print(f"[green]All three vendors answer.[/] {asked} requests, none of them a write.", highlight=False)
        return
    console.print(f"[yellow]{len(problems)} to look at[/]; {asked} requests, none of them a write:", highlight=False)
    for line in problems:
        console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)


def _vendor(found: Examination, profile: str, console: Console) -> None:
    console.print()
    console.rule(f"[bold]{TITLES.get(found.system, found.system)} · {profile}", align="left")
    state = "[green]reachable[/]" if found.reachable else "[red]not reachable[/]"
    told = [f"{escape(found.base_url)}: {state}", f"credentials {found.credentials}"]
    if found.clock_skew_seconds is not None:
        told.append(f"clock {found.clock_skew_seconds:+d} s")
    console.print(", ".join(told) + f", {found.requests} requests", highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column, justify in (
        ("endpoint", "left"),
        ("outcome", "left"),
        ("HTTP", "right"),
        ("records", "right"),
        ("ms", "right"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for endpoint in found.endpoints:
        table.add_row(*_row(endpoint))
    print_table(console, table)
    for finding in found.findings:
        mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[dim]·[/]"}[finding.agrees]
        console.print(f"{mark} {finding.question}: [bold]{escape(finding.answer)}[/]", highlight=False, soft_wrap=True)
        if finding.agrees is False and finding.setting and finding.configured:
            console.print(f"    {finding.setting} is {escape(finding.configured)}", highlight=False, soft_wrap=True)


def _row(endpoint: Endpoint) -> tuple[str, ...]:
    style = _STYLES.get(endpoint.outcome, "yellow" if endpoint.is_well else "red")
    figures = (endpoint.status, endpoint.records, endpoint.milliseconds)
    return endpoint.name, f"[{style}]{endpoint.outcome}[/]", *("" if each is None else f"{each:,}" for each in figures)


def _problems(found: Examination) -> list[str]:
    title = TITLES.get(found.system, found.system)
    if found.problem is not None:
        return [f"{title}: {found.problem}"]
    lines = [
        f"{title}: {each.name} ({each.request}) {each.outcome}"
        + (f", HTTP {each.status}" if each.status else "")
        + (f": {each.note}" if each.note else "")
        for each in found.endpoints
        if not each.is_well
    ]
    lines += [f"{title}: {each.question}: {each.answer}" for each in found.findings if each.agrees is False]
    if found.clock_skew_seconds is not None and abs(found.clock_skew_seconds) > _SKEW_TO_MENTION:
        lines.append(f"{title}: its clock and ours differ by {found.clock_skew_seconds} s")
    return lines
