"""Prints a plan: first how many writes go where and for how much, then, on request, one sync field by field.

In: a plan (`reverse_etl.plan`). Out: text on a rich console, or a JSON document.
What does not belong here: making or judging a plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from reverse_etl.plan import Plan, PlanItem
from tieout.errors import SettingsError
from tieout.outcome import RunOutcome
from tieout.report.summary import money


def as_json(plan: Plan) -> dict[str, Any]:
    """Returns the plan with every field it would write."""
    return {
        "plan_id": plan.plan_id,
        "hash": plan.hash,
        "items": [
            {
                "sync": item.sync_name,
                "record": item.sync_key,
                "operation": item.operation,
                "destination": item.destination,
                "label": item.record_label,
                "amount": item.amount,
                "currency_code": item.currency_code,
                "changes": [{"field": c.field, "old": c.old, "new": c.new} for c in item.changes],
            }
            for item in plan.items
        ],
        "held": [{"sync": held.sync_name, "record": held.row.sync_key, "reason": held.reason} for held in plan.held],
    }


def show(plan: Plan, outcome: RunOutcome, console: Console, *, sync: str | None = None) -> None:
    """Prints the summary, or the records of one sync.

    Raises:
        SettingsError: the plan has nothing of that sync; the message lists what it has.
    """
    items = plan.items
    if sync is not None:
        chosen = [item for item in items if item.sync_name == sync]
        if not chosen:
            names = ", ".join(sorted({item.sync_name for item in items})) or "none"
            raise SettingsError(f"the plan has nothing of {sync!r}; it has: {names}")
        _records(chosen, console)
        return
    console.rule(f"[bold]Plan {plan.hash[:12]} · {outcome.profile} · as of {outcome.as_of}", align="left")
    if outcome.withheld:
        console.print("[red]withheld: a control is red; see tieout status[/]")
    if not items:
        console.print("nothing to send: every system already holds what the books say")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("writes", "operation", "sync", "amount"):
        table.add_column(title, justify="right" if title in ("writes", "amount") else "left", no_wrap=True)
    for (name, operation), members in _grouped(items).items():
        table.add_row(f"{len(members):,}", operation, name, _totals(members))
    console.print(table)
    waiting = outcome.awaiting_approval
    console.print(
        f"{len(items):,} writes that are due now"
        + (f", {waiting:,} of them not among REVERSE_ETL__AUTO_APPLY" if waiting else "")
        + "; what follows from them is planned once they are done. One sync field by field: --sync NAME",
        highlight=False,
    )
    for held in plan.held[:10]:
        console.print(f"[yellow]held[/] {held.sync_name} {held.row.sync_key}: {held.reason}", highlight=False)


def _grouped(items: Iterable[PlanItem]) -> dict[tuple[str, str], list[PlanItem]]:
    groups: dict[tuple[str, str], list[PlanItem]] = defaultdict(list)
    for item in items:
        groups[(item.sync_name, item.operation)].append(item)
    return groups


def _totals(items: Iterable[PlanItem]) -> str:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        if item.amount is not None and item.currency_code:
            totals[item.currency_code] += item.amount
    return "\n".join(f"{money(amount)} {currency}" for currency, amount in sorted(totals.items()))


def _records(items: Iterable[PlanItem], console: Console) -> None:
    for item in items:
        console.print(f"[bold]{item.operation} {item.record_label or item.sync_key}[/]", highlight=False)
        for change in item.changes:
            old = "" if change.old is None else f"{change.old} → "
            console.print(f"  {change.field}: {old}{change.new}", highlight=False, markup=False, soft_wrap=True)
