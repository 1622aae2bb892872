"""Four eyes: what is stored is what is approved, by somebody else, once, in time; and nothing else."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from decimal import Decimal

import pytest
from write_back_desk import Desk
from write_back_fakes import NOON, invoice_row, row

from reverse_etl.identity import Identity
from reverse_etl.log_state import LogState
from reverse_etl.operations import OperationsStore, TamperedError
from reverse_etl.plan import Plan, make_plan
from reverse_etl.plan_store import ApprovalRefusedError, PlanNotFoundError, PlanStore, SavedPlan

INVOICES = "sync_atlas_accounting__invoices"
CODES = "sync_atlas_etrm__order_erp_codes"
ANNA, BERT, ROBOT = Identity("anna"), Identity("bert"), Identity("nightly", "service")


def a_plan(price: str = "100.00") -> Plan:
    code = row("order:7", {"erpCode": "X"}, operation="update", now={"erpCode": None}, destination_id="7", order_id=7)
    return make_plan({INVOICES: [invoice_row(210, price)], CODES: [code]}, LogState())


def saved(desk: Desk, plan: Plan | None = None, by: Identity = ANNA) -> tuple[PlanStore, SavedPlan]:
    plans = PlanStore(desk.store)
    plan_id = plans.save(plan or a_plan(), run_id="run-1", made_by=by, at=NOON)
    return plans, plans.load(plan_id)


def test_what_is_saved_comes_back_byte_for_byte(desk: Desk) -> None:
    plan = a_plan()
    plans, found = saved(desk, plan)
    assert (found.plan.body, found.plan_hash, found.plan_id) == (plan.body, plan.hash, plan.plan_id)
    assert found.plan.items == plan.items
    assert found.plan.items[0].amount == Decimal("100.00")
    assert (found.made_by, found.made_at) == (ANNA, NOON)
    assert plans.load("latest").plan_id == plans.load(plan.plan_id[:10]).plan_id == plan.plan_id


def test_a_second_person_approves_and_it_counts_until_it_expires(desk: Desk) -> None:
    plans, found = saved(desk)
    approval = plans.approve(found, by=BERT, reason="checked", only=None, at=NOON + timedelta(hours=1))
    found = plans.load(found.plan_id)
    assert plans.valid(found, NOON + timedelta(hours=2)) == [approval]
    assert plans.valid(found, NOON + timedelta(hours=73)) == []
    assert plans.valid(found, NOON) == [], "not before it was given"


@pytest.mark.parametrize(
    ("by", "reason", "only", "hours", "why"),
    [
        (ANNA, "mine", None, 1, "anna made it"),
        (ROBOT, "nightly", None, 1, "is a service"),
        (BERT, "  ", None, 1, "needs a reason"),
        (BERT, "late", None, 72, "too long ago"),
        (BERT, "wrong", ["sync_atlar__documents"], 1, "has nothing of sync_atlar__documents"),
    ],
)
def test_refused(desk: Desk, by: Identity, reason: str, only: list[str] | None, hours: int, why: str) -> None:
    plans, found = saved(desk)
    with pytest.raises(ApprovalRefusedError, match=why):
        plans.approve(found, by=by, reason=reason, only=only, at=NOON + timedelta(hours=hours))
    assert plans.load(found.plan_id).approvals == ()


def test_twice_is_refused_and_some_syncs_can_follow_others(desk: Desk) -> None:
    plans, found = saved(desk)
    plans.approve(found, by=BERT, reason="invoices", only=[INVOICES], at=NOON)
    found = plans.load(found.plan_id)
    with pytest.raises(ApprovalRefusedError, match="already"):
        plans.approve(found, by=BERT, reason="again", only=[INVOICES], at=NOON)
    plans.approve(found, by=BERT, reason="the rest", only=None, at=NOON)
    with pytest.raises(ApprovalRefusedError, match="already"):
        plans.approve(plans.load(found.plan_id), by=Identity("carla"), reason="me too", only=None, at=NOON)


def test_a_withdrawn_approval_no_longer_counts_and_can_be_given_again(desk: Desk) -> None:
    plans, found = saved(desk)
    plans.approve(found, by=BERT, reason="checked", only=None, at=NOON)
    assert plans.withdraw(plans.load(found.plan_id), by=ANNA, at=NOON) == 1
    assert plans.valid(plans.load(found.plan_id), NOON) == []
    with pytest.raises(ApprovalRefusedError, match="no approval"):
        plans.withdraw(plans.load(found.plan_id), by=ANNA, at=NOON)
    assert plans.approve(plans.load(found.plan_id), by=BERT, reason="after all", only=None, at=NOON)


def test_the_same_plan_again_keeps_its_maker_until_it_is_too_old(desk: Desk) -> None:
    plans, found = saved(desk)
    plans.save(a_plan(), run_id="run-2", made_by=BERT, at=NOON + timedelta(hours=1))
    assert plans.load(found.plan_id).made_by == ANNA, "whoever only looks at it may still approve it"
    plans.approve(found, by=BERT, reason="checked", only=None, at=NOON)
    plans.save(a_plan(), run_id="run-3", made_by=BERT, at=NOON + timedelta(hours=80))
    renewed = plans.load(found.plan_id)
    assert renewed.made_by == BERT
    assert plans.valid(renewed, NOON + timedelta(hours=80)) == [], "an approval is of the plan as it was made"


def test_another_content_is_another_plan_without_approval(desk: Desk) -> None:
    plans, found = saved(desk)
    plans.approve(found, by=BERT, reason="checked", only=None, at=NOON)
    other = plans.load(plans.save(a_plan("100.01"), run_id=None, made_by=ANNA, at=NOON))
    assert other.plan_id != found.plan_id
    assert plans.valid(other, NOON) == []


TAMPERING = {
    "the body": "update plans set items = replace(items, '100.00', '900.00')",
    "the maker": "update plans set made_by = 'carla'",
    "the event": "update events set body = replace(body, '100.00', '900.00') where kind = 'plan'",
    "the approval's plan": "update approvals set plan_hash = 'x'",
    "who approved": "update approvals set approved_by = 'carla'",
    "when it expires": "update approvals set expires_at = '2099-01-01T00:00:00.000000Z'",
    "a forged approval": (
        "insert into approvals select 'approval-x', plan_id, plan_hash, null, 'carla', 'r', made_at,"
        " '2099-01-01T00:00:00.000000Z', null, null from plans"
    ),
    "an approval taken away": "delete from approvals",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_a_changed_store_is_refused(desk: Desk, statement: str) -> None:
    plans, found = saved(desk)
    plans.approve(found, by=BERT, reason="checked", only=None, at=NOON)
    path = desk.store._engine.url.database
    desk.store.close()
    with sqlite3.connect(str(path)) as connection:
        connection.execute(statement)
    connection.close()
    again = PlanStore(OperationsStore(str(path)))
    if statement.startswith("delete"):
        assert again.valid(again.load(found.plan_id), NOON) == [], "without it nothing is sent"
        return
    with pytest.raises(TamperedError):
        again.load(found.plan_id)


def test_a_body_and_its_hash_changed_together_do_not_fit_the_plans_name(desk: Desk) -> None:
    _, found = saved(desk)
    edited = {**json.loads(found.plan.body), "origin": "undo"}
    desk.store.close()
    from hashlib import sha256

    body = json.dumps(edited, sort_keys=True, separators=(",", ":"))
    with sqlite3.connect(str(desk.store._engine.url.database)) as connection:
        connection.execute("update plans set items = ?, plan_hash = ?", (body, sha256(body.encode()).hexdigest()))
    connection.close()
    with pytest.raises(TamperedError):
        PlanStore(OperationsStore(str(desk.store._engine.url.database))).load(found.plan_id)


def test_an_unknown_plan_is_named(desk: Desk) -> None:
    plans, _ = saved(desk)
    with pytest.raises(PlanNotFoundError, match="no plan by the name 'plan-nope'"):
        plans.load("plan-nope")
