"""What there is to say about a plan: its items, what came of each, who approved it; as values and as JSON.

In: a plan just made, or a saved one with its approvals and deliveries. Out: `PlanView`, documents for `--json`.
What does not belong here: how it looks on a terminal (`plan.py`). IBANs are shown by country and last four only.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.transport.ibans import mask_ibans
from reverse_etl.catalog import SYNCS
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.operations import OperationsStore, TamperedError
from reverse_etl.plan_items import Plan, PlanItem
from reverse_etl.plan_store import Approval, PlanNotFoundError, PlanStore, SavedPlan, set_aside_of
from reverse_etl.slots import filled, missing, returned_by
from tieout.errors import SettingsError, TieoutError
from tieout.report.summary import held_lines

if TYPE_CHECKING:
    from tieout.outcome import RunOutcome


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
    held: Sequence[str] = ()
    """A line per reason for which records are held in the books."""
    needs: frozenset[tuple[str, str]] = frozenset()
    """By sync and key: what belongs to the record that is shown, although it is not its own."""


def view_of(plan: Plan, outcome: RunOutcome) -> PlanView:
    """Returns the view of a plan that a run has just made."""
    return PlanView(
        plan,
        f"{plan.plan_id} · {outcome.profile} · as of {outcome.as_of}",
        set_aside_of(plan),
        is_withheld=outcome.withheld,
        awaiting=outcome.awaiting_approval,
        held=() if outcome.figures is None else held_lines(outcome.figures),
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
            {"sync": name, "operation": operation, "writes": len(members), "amounts": amounts(members)}
            for (name, operation), members in grouped(view.plan.everything).items()
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


LISTED = 50
"""How many plans a list goes back."""


def listed(plans: PlanStore, now: datetime, limit: int = LISTED) -> list[dict[str, Any]]:
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
        for row in plans.listed()[:limit]
    ]


def open_plans(plans: PlanStore, now: datetime) -> list[dict[str, Any]]:
    """Returns what waits for somebody: the newest plan, and those that are approved, as far as they are not done."""
    found = []
    for place, row in enumerate(listed(plans, now)):
        if row["is_done"] or not (place == 0 or row["is_approved"]):
            continue
        state = "approved, not all of it sent" if row["is_approved"] else "not approved"
        writes = f"{row['items'] + row['follow_ups']:,} writes"
        found.append({"plan_id": row["plan_id"], "made_by": row["made_by"], "writes": writes, "state": state})
    return found


def refusals(plans: PlanStore, plan_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Returns what was approved and not sent because something moved, with what."""
    return [
        {"plan_id": plan_id, "sync_name": key[0], "sync_key": key[1], "reason": reason}
        for plan_id in plan_ids
        for key, reason in sorted(plans.refusals(plan_id).items())
    ]


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
    due = [item for item in saved.plan.items if approval.covers(item.sync_name)]
    return {
        "plan_id": saved.plan_id,
        "hash": saved.plan_hash,
        "made_by": saved.made_by.name,
        **approval_json(approval),
        "writes": len(covered),
        "amounts": amounts(due),
    }


def grouped(items: Iterable[PlanItem]) -> dict[tuple[str, str], list[PlanItem]]:
    """Returns items by sync and operation, in the catalog's order."""
    places = {sync.name: place for place, sync in enumerate(SYNCS)}
    groups: dict[tuple[str, str], list[PlanItem]] = defaultdict(list)
    for item in sorted(items, key=lambda item: places[item.sync_name]):
        groups[(item.sync_name, item.operation)].append(item)
    return groups


def amounts(items: Iterable[PlanItem]) -> dict[str, str]:
    """Returns the sum of the amounts by currency, exact."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        if item.amount is not None and item.currency_code:
            totals[item.currency_code] += item.amount
    return {code: format(totals[code], "f") for code in sorted(totals)}
