"""Prints a plan: first what goes where and for how much, then, on request, a sync or a record field by field.

In: a `PlanView`. Out: text on a rich console. What does not belong here: what there is to say (`plan_view.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.transport.ibans import mask_ibans
from reverse_etl.plan_items import PlanItem
from reverse_etl.release import belongs_to
from tieout.amounts import with_currency
from tieout.errors import SettingsError
from tieout.report.plan_view import PlanView, amounts, grouped
from tieout.report.whole import print_table

_SHOWN_ASIDE = 10
_LONGEST_VALUE = 400


def show(view: PlanView, console: Console, *, sync: str | None, record: str | None, limit: int) -> None:
    """Prints the summary, or the records of one sync or of one record.

    Raises:
        SettingsError: the plan has nothing of that sync or record; the message lists what it has.
    """
    chosen = [
        item
        for item in view.plan.everything
        if (sync is None or item.sync_name == sync)
        and (record is None or item.key in view.needs or belongs_to(item, record))
    ]
    if sync is not None and not chosen:
        names = ", ".join(sorted({item.sync_name for item in view.plan.everything})) or "none"
        raise SettingsError(f"the plan has nothing of {sync!r}{f' for {record}' if record else ''}; it has: {names}")
    if record is not None and not chosen and view.plan.items:
        raise SettingsError(f"the plan has nothing of {record}")
    _head(view, console)
    if record is not None and not chosen:
        console.print(
            f"nothing of {record} is due now: it is written already, is held (tieout status), or is not ready to be"
            f" booked (tieout explain {record})",
            highlight=False,
            soft_wrap=True,
        )
    elif sync is not None or record is not None:
        _records(chosen, view, console, limit)
    else:
        _summary(view, console)
    _aside(view, console)
    if view.held and sync is None and record is None:
        console.print("\nHeld, so that nothing is planned for them; every one with `tieout status`", highlight=False)
        for line in view.held:
            console.print(f"  {line}", highlight=False, soft_wrap=True)


def _head(view: PlanView, console: Console) -> None:
    console.rule(f"[bold]Plan {view.title}", align="left")
    if view.made_by is not None and view.made_at is not None:
        console.print(f"made by {view.made_by} on {view.made_at:%Y-%m-%d %H:%M} UTC", highlight=False)
        for one in view.approvals:
            what = "all of it" if one.syncs is None else ", ".join(sorted(one.syncs))
            console.print(
                f"[green]approved[/] by {one.approved_by} on {one.approved_at:%Y-%m-%d %H:%M} UTC until"
                f" {one.expires_at:%Y-%m-%d %H:%M}: {what}. {escape(one.reason)}",
                highlight=False,
                soft_wrap=True,
            )
        if not view.approvals:
            console.print("nobody has approved it yet", highlight=False)
    if view.is_withheld:
        console.print("[red]withheld: a control is red; see tieout status[/]")


def _summary(view: PlanView, console: Console) -> None:
    items = view.plan.items
    if not items:
        console.print("nothing to send: every system already holds what the books say")
        return
    _totals_table(items, view, console, "writes")
    if view.plan.follow_ups:
        console.print(f"\n{len(view.plan.follow_ups):,} writes follow from them, by the same approval", highlight=False)
        _totals_table(view.plan.follow_ups, view, console, "then")
    console.print()
    awaiting = f", {view.awaiting:,} of them not among REVERSE_ETL__AUTO_APPLY" if view.awaiting else ""
    console.print(
        f"{len(items):,} writes that are due now{awaiting}. Field by field: --sync NAME, or --record order:ID",
        highlight=False,
    )
    if view.made_by is None:
        console.print(
            f"To send exactly this: somebody else gives `tieout approve {view.plan.plan_id} --reason …`, then"
            " `tieout apply`",
            highlight=False,
        )
    for key, reason in list(view.refused.items())[:_SHOWN_ASIDE]:
        console.print(f"[red]refused[/] {key[0]} {escape(key[1])}: {escape(reason)}", highlight=False, soft_wrap=True)


def _totals_table(items: Sequence[PlanItem], view: PlanView, console: Console, title: str) -> None:
    groups = grouped(items)
    totals = {group: [with_currency(Decimal(a), c) for c, a in amounts(many).items()] for group, many in groups.items()}
    widths = {
        title: max(len(title), 6),
        "operation": 9,
        "amount": max((len(line) for lines in totals.values() for line in lines), default=0),
    }
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in (title, "operation", "sync", "amount", "state"):
        shown = name if name != "state" or view.states else ""
        # Figures are never cut: where the terminal is narrow, names fold.
        is_figure = name in (title, "amount")
        table.add_column(
            shown,
            justify="right" if is_figure else "left",
            no_wrap=is_figure,
            overflow="fold",
            min_width=widths.get(name),
        )
    for (name, operation), members in groups.items():
        states = Counter(view.states[item.key] for item in members if item.key in view.states)
        told = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        table.add_row(f"{len(members):,}", operation, name, "\n".join(totals[name, operation]), told)
    print_table(console, table)


def _aside(view: PlanView, console: Console) -> None:
    counts = Counter(one["state"] for one in view.set_aside)
    for one in view.set_aside[:_SHOWN_ASIDE]:
        console.print(
            f"[yellow]{one['state']}[/] {one['sync']} {escape(one['record'])}: {escape(mask_ibans(one['reason']))}",
            highlight=False,
            soft_wrap=True,
        )
    if len(view.set_aside) > _SHOWN_ASIDE:
        told = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))
        console.print(f"… in all {told}; every one with --json", highlight=False)


def _records(items: Sequence[PlanItem], view: PlanView, console: Console, limit: int) -> None:
    shown = items if limit == 0 else items[:limit]
    lines: list[str] = []
    for item in shown:
        amount = "" if item.amount is None else f"  {with_currency(item.amount, item.currency_code)}"
        state = view.states.get(item.key)
        lines.append(f"{item.operation} {item.record_label or item.sync_key}{amount}" + (f"  {state}" if state else ""))
        for change in item.changes:
            old = "" if change.old is None else f"{_text(change.old)} → "
            lines.append(f"  {change.field}: {old}{_text(change.new)}")
        if (reason := view.refused.get(item.key)) is not None:
            lines.append(f"  not sent: {reason}")
    # One piece of plain text: ten thousand records must not take a minute to look at.
    console.out(mask_ibans("\n".join(lines)), highlight=False)
    if len(shown) < len(items):
        console.print(f"… {len(items) - len(shown):,} more: --limit 0 shows all, --json has every field")


def show_list(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Prints the saved plans."""
    if not rows:
        console.print("no plan is saved yet; `tieout plan` makes one")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("plan", "from", "made by", "made at", "writes", "then", "state"):
        # What is to be read whole is never cut: on a narrow terminal the names fold.
        least = {"plan": 21, "writes": 6, "then": 4, "state": 12}.get(title)
        is_figure = title in ("writes", "then")
        table.add_column(title, justify="right" if is_figure else "left", min_width=least, overflow="fold")
    for row in rows:
        state = "done" if row["is_done"] else "approved" if row["is_approved"] else "not approved"
        table.add_row(
            row["plan_id"],
            row["origin"],
            row["made_by"],
            row["made_at"][5:16].replace("T", " "),
            f"{row['items']:,}",
            f"{row['follow_ups']:,}",
            state,
        )
    print_table(console, table)


def show_approval(done: dict[str, Any], console: Console) -> None:
    """Prints what was approved or withdrawn."""
    if "withdrawn" in done:
        count = f"{done['withdrawn']} approval{'' if done['withdrawn'] == 1 else 's'}"
        console.print(
            f"{done['plan_id']}: {count} withdrawn by {done['by']}",
            highlight=False,
        )
        return
    console.print(
        f"[green]approved[/] {done['plan_id']} by {done['approved_by']}: {done['writes']:,} writes, valid until"
        f" {done['expires_at']:%Y-%m-%d %H:%M} UTC. `tieout apply {done['plan_id']}` sends exactly them.",
        highlight=False,
        soft_wrap=True,
    )


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = mask_ibans(text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
