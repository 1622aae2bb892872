"""Tells what was written for a document: request, answer, plan, who approved it, where the answer was landed.

In: the operations store and the ids of a trail. Out: one dictionary per delivery, oldest first, masked.
What does not belong here: sending anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import APPROVALS, DELIVERIES, PLANS, RUNS
from tieout.commands.opened import Warehouse
from tieout.explain.masking import masked
from tieout.explain.trail import Trail


def of_trail(warehouse: Warehouse, store: OperationsStore, trail: Trail) -> list[dict[str, Any]]:
    """Returns the deliveries of a trail's order, documents and payments, in the order in which they were intended."""
    ids = [row["delivery_id"] for row in warehouse.rows(_OF_TRAIL, [_order_id(trail), _names(trail), _order_id(trail)])]
    rows = store.rows(DELIVERIES, delivery_id=ids)
    rows.sort(key=lambda row: (row["intended_at"], row["delivery_id"]))
    plans = {row["plan_id"]: row for row in store.rows(PLANS, plan_id=sorted({str(r["plan_id"]) for r in rows}))}
    runs = {row["run_id"]: row for row in store.rows(RUNS, run_id=sorted({str(r["run_id"]) for r in rows}))}
    approvals = store.rows(APPROVALS, plan_id=sorted(plans))
    return [_told(row, plans, runs, approvals) for row in rows]


# A delivery is of a trail by its order, else by a document's or payment's id in its key (`BILL/<id>`).
_OF_TRAIL = """
    select delivery_id
    from marts.fct_deliveries as deliveries
    where
        deliveries.order_id = ?
        or exists (
            select 1 from unnest(?::varchar[]) as names (name) where contains(deliveries.sync_key, names.name)
        )
        and (deliveries.order_id is null or ?::bigint is null)
    order by delivery_id
"""


def _order_id(trail: Trail) -> int | None:
    return trail.order["order_id"] if trail.order else None


def _names(trail: Trail) -> list[str]:
    return trail.document_ids + trail.payment_ids + trail.payment_made_ids


def _told(
    row: Mapping[str, Any],
    plans: Mapping[str, Mapping[str, Any]],
    runs: Mapping[str, Mapping[str, Any]],
    approvals: list[dict[str, Any]],
) -> dict[str, Any]:
    plan, run = plans.get(str(row["plan_id"]), {}), runs.get(str(row["run_id"]), {})
    return {
        "delivery_id": row["delivery_id"],
        "sync": row["sync_name"],
        "record": row["sync_key"],
        "label": row["record_label"],
        "operation": row["operation"],
        "destination": row["destination"],
        "intended_at": row["intended_at"],
        "finished_at": row["finished_at"],
        "attempt": row["attempt"],
        "request": {
            "target_id": row["target_id"],
            "expected_version": row["expected_version"],
            "payload": masked(json.loads(row["payload"])),
            "payload_hash": row["payload_hash"],
        },
        "answer": {
            "status": row["status"],
            "reason": masked(row["reason"]),
            "destination_id": row["destination_id"],
            "destination_number": row["destination_number"],
            "request_id": row["request_id"],
        },
        "run": {"run_id": row["run_id"], "run_by": run.get("run_by")},
        "plan": {"plan_id": row["plan_id"], "made_by": plan.get("made_by"), "made_at": plan.get("made_at")},
        "went_by": row["approval_id"],
        "approvals": [_approval(one) for one in approvals if one["approval_id"] == row["approval_id"]],
    }


def _approval(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("approved_by", "reason", "approved_at", "withdrawn_by")}
