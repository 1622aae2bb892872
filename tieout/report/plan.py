"""Prints a plan: first what goes where and for how much, then, on request, a sync or a record field by field.

In: a plan just made, or a saved one with its approvals and what came of it. Out: text on a rich console, or JSON.
What does not belong here: making, judging or saving a plan. IBANs are shown by country and last four only.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.transport.errors import mask_ibans
from reverse_etl.catalog import SYNCS
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.operations import OperationsStore, TamperedError
from reverse_etl.plan_items import Plan, PlanItem
from reverse_etl.plan_store import Approval, PlanNotFoundError, PlanStore, SavedPlan, set_aside_of
from reverse_etl.release import belongs_to
from reverse_etl.slots import filled, missing, returned_by
from tieout.errors import SettingsError, TieoutError
from tieout.report.summary import money

if TYPE_CHECKING:
    from tieout.outcome import RunOutcome

_SHOWN_ASIDE = 10
_LONGEST_VALUE = 400


@dataclass(frozen=True)
class PlanView:
    """A plan and what is known about it."""

    plan: Plan
    title: str
    set_aside: Sequence[dict[str, Any]]
    made_by: str | None = None
    made_at: datetime | None = None
    approvals: Sequence[Approval] = ()
    """Those that count."""
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    """What came of an item, by its sync and key as planned."""
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why an item was not sent."""
    is_withheld: bool = False
    awaiting: int | None = None


def view_of(plan: Plan, outcome: RunOutcome) -> PlanView:
    """Returns the view of a plan that a run has just made."""
    return PlanView(
        plan,
        f"{plan.plan_id} · {outcome.profile} · as of {outcome.as_of}",
        set_aside_of(plan),
        is_withheld=outcome.withheld,
        awaiting=outcome.awaiting_approval,
    )


def view_of_saved(plans: PlanStore, store: OperationsStore, name: str, now: datetime) -> PlanView:
    """Returns the view of a saved plan with its approvals, deliveries and refusals.

    Raises:
        SettingsError: no saved plan goes by that name.
        TieoutError: it is not as it was saved.
    """
    try:
        saved = plans.load(name)
    except PlanNotFoundError as problem:
        raise SettingsError(str(problem)) from None
    except TamperedError as problem:
        raise TieoutError(str(problem)) from None
    return PlanView(
        saved.plan,
        saved.plan_id + ("" if saved.plan.origin == "sync" else f" · {saved.plan.origin}"),
        saved.set_aside,
        made_by=saved.made_by.name,
        made_at=saved.made_at,
        approvals=plans.valid(saved, now),
        states=_states(saved, store),
        refused=plans.refusals(saved.plan_id),
    )


def _states(saved: SavedPlan, store: OperationsStore) -> dict[tuple[str, str], str]:
    log = DeliveryLog(store).state()
    mine = [one for many in log.deliveries.values() for one in many if one.plan_id == saved.plan_id]
    returned = returned_by(mine, saved.plan_id)
    latest = {(one.sync_name, one.sync_key): one.status for one in sorted(mine, key=lambda one: one.intended_at)}
    states = {}
    for item in saved.plan.everything:
        literal = item if missing(item, returned) else filled(item, returned)
        if (status := latest.get(literal.key)) is not None:
            states[item.key] = status
    return states


def as_json(view: PlanView) -> dict[str, Any]:
    """Returns the plan with every field it would write."""
    aside: dict[str, list[dict[str, Any]]] = {"held": [], "waiting": [], "rejected": []}
    for one in view.set_aside:
        aside.setdefault(one["state"], []).append({name: one[name] for name in ("sync", "record", "label", "reason")})
    document = {
        "plan_id": view.plan.plan_id,
        "hash": view.plan.hash,
        "origin": view.plan.origin,
        "made_by": view.made_by,
        "made_at": view.made_at,
        "approvals": [approval_json(one) for one in view.approvals],
        "totals": [
            {"sync": name, "operation": operation, "writes": len(members), "amounts": _amounts(members)}
            for (name, operation), members in _grouped(view.plan.everything).items()
        ],
        "items": [_item_json(item, view) for item in view.plan.items],
        "follow_ups": [_item_json(item, view) for item in view.plan.follow_ups],
        **aside,
    }
    masked: dict[str, Any] = json.loads(mask_ibans(json.dumps(document, default=str, ensure_ascii=False)))
    return masked


def _item_json(item: PlanItem, view: PlanView) -> dict[str, Any]:
    return {
        "sync": item.sync_name,
        "record": item.sync_key,
        "operation": item.operation,
        "destination": item.destination,
        "label": item.record_label,
        "order_id": item.order_id,
        "amount": item.amount,
        "currency_code": item.currency_code,
        "beneficiary": item.beneficiary,
        "changes": [{"field": c.field, "old": c.old, "new": c.new} for c in item.changes],
        "slots": list(item.slots),
        "state": view.states.get(item.key),
        "refused": view.refused.get(item.key),
    }


def show(view: PlanView, console: Console, *, sync: str | None, record: str | None, limit: int) -> None:
    """Prints the summary, or the records of one sync or of one record.

    Raises:
        SettingsError: the plan has nothing of that sync or record; the message lists what it has.
    """
    chosen = [
        item
        for item in view.plan.everything
        if (sync is None or item.sync_name == sync) and (record is None or belongs_to(item, record))
    ]
    if sync is not None and not chosen:
        names = ", ".join(sorted({item.sync_name for item in view.plan.everything})) or "none"
        raise SettingsError(f"the plan has nothing of {sync!r}{f' for {record}' if record else ''}; it has: {names}")
    if record is not None and not chosen and view.plan.items:
        raise SettingsError(f"the plan has nothing of {record}")
    _head(view, console)
    if sync is not None or record is not None:
        _records(chosen, view, console, limit)
    else:
        _summary(view, console)
    _aside(view, console)


def _head(view: PlanView, console: Console) -> None:
    console.rule(f"[bold]Plan {view.title}", align="left")
    if view.made_by is not None and view.made_at is not None:
        console.print(f"made by {view.made_by} on {view.made_at:%Y-%m-%d %H:%M} UTC", highlight=False)
        for one in view.approvals:
            what = "all of it" if one.syncs is None else ", ".join(sorted(one.syncs))
            console.print(
                f"[green]approved[/] by {one.approved_by} on {one.approved_at:%Y-%m-%d %H:%M} UTC until"
                f" {one.expires_at:%Y-%m-%d %H:%M}: {what}. {one.reason}",
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
        console.print(f"[red]refused[/] {key[0]} {key[1]}: {reason}", highlight=False, soft_wrap=True)


def _totals_table(items: Sequence[PlanItem], view: PlanView, console: Console, title: str) -> None:
    groups = _grouped(items)
    totals = {group: [f"{money(Decimal(a))} {c}" for c, a in _amounts(many).items()] for group, many in groups.items()}
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
    console.print(table)


def _aside(view: PlanView, console: Console) -> None:
    counts = Counter(one["state"] for one in view.set_aside)
    for one in view.set_aside[:_SHOWN_ASIDE]:
        console.print(
            f"[yellow]{one['state']}[/] {one['sync']} {one['record']}: {mask_ibans(one['reason'])}",
            highlight=False,
            soft_wrap=True,
        )
    if len(view.set_aside) > _SHOWN_ASIDE:
        told = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))
        console.print(f"… in all {told}; every one with --json", highlight=False)


def _records(items: Sequence[PlanItem], view: PlanView, console: Console, limit: int) -> None:
    shown = items if limit == 0 else items[:limit]
    for item in shown:
        amount = "" if item.amount is None else f"  {money(item.amount)} {item.currency_code or ''}"
        state = view.states.get(item.key)
        console.print(
            f"[bold]{item.operation} {item.record_label or item.sync_key}[/]{amount}"
            + (f"  [green]{state}[/]" if state else ""),
            highlight=False,
            soft_wrap=True,
        )
        for change in item.changes:
            old = "" if change.old is None else f"{_text(change.old)} → "
            line = f"  {change.field}: {old}{_text(change.new)}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        if (reason := view.refused.get(item.key)) is not None:
            console.print(f"  not sent: {reason}", highlight=False, markup=False, soft_wrap=True, style="red")
    if len(shown) < len(items):
        console.print(f"… {len(items) - len(shown):,} more: --limit 0 shows all, --json has every field")


def listed(plans: PlanStore, now: datetime) -> list[dict[str, Any]]:
    """Returns a line per saved plan, newest first."""
    return [
        {
            "plan_id": row["plan_id"],
            "origin": row["origin"] or "sync",
            "made_by": row["made_by"],
            "made_at": row["made_at"],
            "items": row["item_count"],
            "follow_ups": row["follow_up_count"] or 0,
            "is_approved": plans.has_valid_approval(row, now),
            "is_done": plans.is_done(row),
        }
        for row in plans.listed()
    ]


def show_list(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Prints the saved plans."""
    if not rows:
        console.print("no plan is saved yet; `tieout plan` makes one")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("plan", "from", "made by", "made at", "writes", "then", "state"):
        table.add_column(title, justify="right" if title in ("writes", "then") else "left", no_wrap=True)
    for row in rows:
        state = "done" if row["is_done"] else "approved" if row["is_approved"] else "not approved"
        table.add_row(
            row["plan_id"],
            row["origin"],
            row["made_by"],
            row["made_at"][:16].replace("T", " "),
            f"{row['items']:,}",
            f"{row['follow_ups']:,}",
            state,
        )
    console.print(table)


def approval_json(one: Approval) -> dict[str, Any]:
    """Returns an approval as a document."""
    return {
        "approval_id": one.approval_id,
        "approved_by": one.approved_by,
        "approved_at": one.approved_at,
        "expires_at": one.expires_at,
        "reason": one.reason,
        "syncs": None if one.syncs is None else sorted(one.syncs),
    }


def approval_document(saved: SavedPlan, approval: Approval) -> dict[str, Any]:
    """Returns what was just approved: the plan, its hash, how many writes and for how much."""
    covered = [item for item in saved.plan.everything if approval.covers(item.sync_name)]
    return {
        "plan_id": saved.plan_id,
        "hash": saved.plan_hash,
        "made_by": saved.made_by.name,
        **approval_json(approval),
        "writes": len(covered),
        "amounts": _amounts([item for item in covered if item in saved.plan.items]),
    }


def show_approval(done: dict[str, Any], console: Console) -> None:
    """Prints what was approved or withdrawn."""
    if "withdrawn" in done:
        console.print(f"{done['plan_id']}: {done['withdrawn']} approvals withdrawn by {done['by']}", highlight=False)
        return
    console.print(
        f"[green]approved[/] {done['plan_id']} by {done['approved_by']}: {done['writes']:,} writes, valid until"
        f" {done['expires_at']:%Y-%m-%d %H:%M} UTC. `tieout apply {done['plan_id']}` sends exactly them.",
        highlight=False,
        soft_wrap=True,
    )


def _grouped(items: Iterable[PlanItem]) -> dict[tuple[str, str], list[PlanItem]]:
    places = {sync.name: place for place, sync in enumerate(SYNCS)}
    groups: dict[tuple[str, str], list[PlanItem]] = defaultdict(list)
    for item in sorted(items, key=lambda item: places[item.sync_name]):
        groups[(item.sync_name, item.operation)].append(item)
    return groups


def _amounts(items: Iterable[PlanItem]) -> dict[str, str]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        if item.amount is not None and item.currency_code:
            totals[item.currency_code] += item.amount
    return {code: format(totals[code], "f") for code in sorted(totals)}


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = mask_ibans(text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"
