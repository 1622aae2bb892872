"""One plan, two people, whole loop: the effect at the vendors is the approved plan, less what moved in between.

Anna plans, the desk edits two orders, Bert approves, Anna applies. Everything else goes from invoice to erpCode and
ATLAS ETRM invoice by that one approval; what was approved with slots is, with its slots filled, what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan_store import PlanStore
from reverse_etl.slots import filled, returned_by
from tests.flow.conftest import UNLIMITED, Profile, start_sandbox, stop_sandbox

pytestmark = pytest.mark.timeout(2400)
"""Three builds of the books, on a machine that may be busy."""

CREATES = {"sync_atlas_accounting__invoices": "invoices", "sync_atlas_accounting__bills": "bills"}


@dataclass
class Story:
    """What happened, step by step."""

    profile: Profile
    planned: dict[str, Any]
    own_approval: str
    applied: dict[str, Any]
    moved: set[int]
    writes_before_approval: list[dict[str, Any]]
    writes_again: list[dict[str, Any]]
    again: dict[str, Any]


def _as(profile: Profile, token: str) -> Profile:
    return Profile(profile.data_dir, {**profile.environment, "OPERATIONS__TOKEN": token})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("approval")
    bare = Profile(folder / "data")
    process = start_sandbox(bare.data_dir, *UNLIMITED, "--scale", "0.1")
    try:
        yield _told(bare, folder / "keys")
    finally:
        stop_sandbox(process)


def _told(bare: Profile, keys: Path) -> Story:
    assert bare.command("identity", "key", str(keys)).returncode == 0
    environment = {
        "REVERSE_ETL__AUTO_APPLY": "none",
        "OPERATIONS__IDENTITY": "token",
        "OPERATIONS__TOKEN_PUBLIC_KEY": str(keys / "tieout_identity_key.pub.pem"),
    }
    profile = Profile(bare.data_dir, environment)
    key = str(keys / "tieout_identity_key.pem")
    anna, bert = (
        _as(profile, bare.command("identity", "token", name, "--key", key).stdout.strip()) for name in ("anna", "bert")
    )
    planned = _document(anna, "plan", "--json")
    before = profile.writes()
    own = anna.command("approve", "latest", "--reason", "mine")
    moved = _edit_two_orders(profile, planned["plan"])
    done = bert.command("approve", planned["plan"]["plan_id"], "--reason", "checked")
    assert done.returncode == 0, done.stderr
    applied = _document(anna, "apply", "--json")
    profile.forget_requests()
    again = _document(anna, "apply", planned["plan"]["plan_id"], "--json")
    return Story(profile, planned, own.stderr, applied, moved, before, profile.writes(), again)


def _document(profile: Profile, *arguments: str) -> dict[str, Any]:
    done = profile.command(*arguments)
    assert done.returncode in (0, 3), f"exit {done.returncode}\n{done.stderr[-4000:]}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _edit_two_orders(profile: Profile, plan: dict[str, Any]) -> set[int]:
    """The desk moves the due date of one order, and changes the total of another, which holds it."""
    told = profile.told
    client = AtlasEtrmClient(
        AtlasEtrmConfig(
            told["urls"]["atlas_etrm"],
            told["environment"]["SOURCES__ATLAS_ETRM__USERNAME"],
            told["environment"]["SOURCES__ATLAS_ETRM__PASSWORD"],
            0,
        )
    )
    chosen = [item["order_id"] for item in plan["items"] if item["sync"] in CREATES][:2]
    orders = {order["id"]: order for order in client.orders_by_ids(chosen)}
    sent_back = ("id", "registrationDate", "dueDate", "totalAmount")
    first, second = ({name: orders[one][name] for name in sent_back} for one in chosen)
    more = Decimal(str(second["totalAmount"])) + 1
    client.post_orders([{**first, "dueDate": "2026-12-24T00:00:00"}, {**second, "totalAmount": str(more)}])
    client.close()
    return set(chosen)


def test_planning_writes_nothing_and_its_maker_cannot_approve(story: Story) -> None:
    assert story.writes_before_approval == []
    assert "anna made it" in story.own_approval
    assert story.planned["sent"] == 0
    assert story.planned["plan"]["follow_ups"]


def test_what_moved_is_refused_by_name_and_nothing_is_written_for_it(story: Story) -> None:
    refused = "\n".join(story.applied["refused"])
    assert story.applied["exit_code"] == 3
    for order in story.moved:
        assert f"order {order}" in refused
        keys = [document.get("notes") for kind in CREATES.values() for document in _books(story, kind)]
        assert f"atlas_etrm:order:{order}" not in keys
    assert "due_date is 2026-12-24 now" in refused
    codes = {order["id"]: order.get("erpCode") for order in story.profile.at_vendor("atlas_etrm", "orders")}
    assert [codes[order] for order in story.moved] == [None, None]
    assert "not due any more" in refused


def test_the_effect_is_the_approved_plan(story: Story) -> None:
    plan, slots = story.planned["plan"], re.compile(r"\{[a-z_]+\([^{}]*\)\.(id|number)\}")
    every = [item for item in plan["items"] + plan["follow_ups"] if item["order_id"] not in story.moved]
    assert story.applied["sent"] == len(every)
    assert (story.applied["rejected"], story.applied["unknown"]) == (0, 0)
    assert any(slots.search(json.dumps(item)) for item in every)
    books = {(kind, one["notes"]): one for kind in CREATES.values() for one in _books(story, kind) if one["notes"]}
    orders = {order["id"]: order for order in story.profile.at_vendor("atlas_etrm", "orders")}
    invoices = story.profile.at_vendor("atlas_etrm", "invoices")
    for item in (item for item in every if item["sync"] in CREATES):
        kind, order_id = CREATES[item["sync"]], item["order_id"]
        made = books[kind, f"atlas_etrm:order:{order_id}"]
        assert Decimal(made["total_amount"]) == Decimal(item["amount"])
        new = {change["field"]: change["new"] for change in item["changes"]}
        assert made["due_date"] == new["due_date"]
        assert made["status"] not in ("draft", "pending")
        number = made.get("invoice_number") or made["bill_number"]
        assert number in orders[order_id]["erpCode"].split("+")
        (etrm,) = [one for one in invoices if one["externalId"] == number]
        assert (etrm["orderId"], Decimal(str(etrm["amount"]))) == (order_id, Decimal(item["amount"]))


def test_what_was_sent_is_byte_for_byte_what_was_approved(story: Story) -> None:
    store = OperationsStore(story.profile.data_dir / "operations.sqlite")
    try:
        saved = PlanStore(store).load(story.planned["plan"]["plan_id"])
        log = DeliveryLog(store).state()
        mine = [one for many in log.deliveries.values() for one in many if one.plan_id == saved.plan_id]
        returned = returned_by(mine, saved.plan_id)
        approved = {
            literal.key: literal.payload
            for item in saved.plan.everything
            if item.order_id not in story.moved and (literal := filled(item, returned))
        }
        assert {(one.sync_name, one.sync_key): one.payload for one in mine} == approved
        words = {row["approval_id"] for row in store.rows(DELIVERIES, plan_id=saved.plan_id)}
        assert words == {saved.approvals[0].approval_id}
        assert len(words) == 1
    finally:
        store.close()


def test_the_same_plan_again_sends_nothing(story: Story) -> None:
    assert story.again["sent"] == 0
    assert story.writes_again == []


def _books(story: Story, kind: str) -> list[dict[str, Any]]:
    return story.profile.at_vendor("atlas_accounting", kind)
