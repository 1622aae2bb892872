"""A cut-over, day by day: a baseline, the first order, its undo, an accepted difference; two people, signed tokens.

One small company for the whole file; the tests follow each other, as the days do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import UNLIMITED, Profile, start_sandbox, stop_sandbox

GOES_ALONE = '["sync_atlas_etrm__order_erp_codes", "sync_atlas_accounting__invoices", "sync_atlar__gl_entities"]'
"""What the last days' runs write by themselves: little, and what an undo must keep from being written again."""


@dataclass
class Office:
    """A profile and the two people who work with it."""

    profile: Profile
    tokens: dict[str, str]
    keys: Path

    def types(self, person: str, *arguments: str, auto_apply: str = "none") -> Any:
        self.profile.environment = {
            "OPERATIONS__IDENTITY": "token",
            "OPERATIONS__TOKEN_PUBLIC_KEY": str(self.keys / "tieout_identity_key.pub.pem"),
            "OPERATIONS__TOKEN": self.tokens[person],
            "REVERSE_ETL__AUTO_APPLY": auto_apply,
        }
        return self.profile.command(*arguments)

    def document(self, person: str, *arguments: str, expects: tuple[int, ...] = (0, 3), **more: str) -> dict[str, Any]:
        done = self.types(person, *arguments, "--json", **more)
        assert done.returncode in expects, f"exit {done.returncode}\n{done.stderr[-3000:]}"
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def applied(self, plan_id: str, *more: str) -> dict[str, Any]:
        """The clerk may not approve what the clerk has made; the treasurer may."""
        refused = self.types("clerk", "approve", plan_id, "--reason", "my own")
        assert refused.returncode == 1
        self.document("treasurer", "approve", plan_id, "--reason", "looked through")
        return self.document("clerk", "apply", plan_id, *more)

    def order(self, order_id: int) -> dict[str, Any]:
        [found] = [one for one in self.profile.at_vendor("atlas_etrm", "orders") if one["id"] == order_id]
        return found


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    profile, keys = Profile(tmp_path_factory.mktemp("cutover")), tmp_path_factory.mktemp("keys")
    assert profile.command("identity", "key", str(keys)).returncode == 0
    tokens = {}
    for name in ("clerk", "treasurer"):
        done = profile.command("identity", "token", name, "--key", str(keys / "tieout_identity_key.pem"))
        tokens[name] = done.stdout.strip()
    process = start_sandbox(profile.data_dir, *UNLIMITED, "--scale", "0.1")
    try:
        yield Office(profile, tokens, keys)
    finally:
        stop_sandbox(process)


@pytest.fixture(scope="module")
def due(office: Office) -> dict[str, Any]:
    """The first plan, and two orders that it would invoice."""
    told = office.document("clerk", "plan")
    would_invoice = {
        item["order_id"] for item in told["plan"]["items"] if item["sync"] == "sync_atlas_accounting__invoices"
    }
    orders = office.profile.query(
        "select order_id, has_payable from marts.fct_orders where became = 'to_be_invoiced'"
        " and has_receivable != has_payable order by has_payable, order_id"
    )
    first = next(order["order_id"] for order in orders if order["order_id"] in would_invoice)
    return {"plan": told, "first": first, "old": orders[-1]["order_id"]}


def test_an_order_booked_before_is_given_its_code_and_never_invoiced(
    office: Office, due: dict[str, Any], tmp_path: Path
) -> None:
    old = due["old"]
    (tmp_path / "bad.csv").write_text(f"order_id,erp_code\n{old},\n987654,SAP-1\n")
    refused = office.types("clerk", "baseline", "--from", str(tmp_path / "bad.csv"))
    assert refused.returncode == 2
    assert "row 2" in refused.stderr and "row 3" in refused.stderr

    (tmp_path / "codes.csv").write_text(f"order_id;erp_code\n{old};SAP-2511-1\n")
    told = office.document("clerk", "baseline", "--from", str(tmp_path / "codes.csv"))
    assert [(item["order_id"], item["erp_code"]) for item in told["items"]] == [(old, "SAP-2511-1")]
    assert office.order(old)["erpCode"] is None, "nothing is written by planning"
    office.profile.forget_requests()
    office.applied(told["plan_id"])
    writes = office.profile.writes()
    assert [(one["system"], one["path"]) for one in writes] == [("atlas_etrm", "/api/Order/Post")]
    assert office.order(old)["erpCode"] == "SAP-2511-1"
    [row] = office.profile.query("select became, is_posted_elsewhere from marts.fct_orders where order_id = ?", old)
    assert row == {"became": "posted_elsewhere", "is_posted_elsewhere": True}


def test_what_was_written_for_an_order_is_taken_back_and_not_made_again(office: Office, due: dict[str, Any]) -> None:
    first = due["first"]
    record = f"order:{first}"
    office.applied(due["plan"]["plan"]["plan_id"], "--record", record)
    [invoice] = [one for one in office.profile.at_vendor("atlas_accounting", "invoices") if _is_of(one, first)]
    assert invoice["status"] != "draft"
    assert office.order(first)["erpCode"] == invoice["invoice_number"]

    told = office.document("clerk", "undo", "--record", record, "--reason", "the wrong month")
    assert {item["operation"] for item in told["taken_back"]} == {"void", "update"}
    assert [item["sync"] for item in told["by_hand"]] == ["sync_atlas_etrm__invoices"]
    assert told["held"] == [record]
    office.applied(told["plan_id"])
    [invoice] = [one for one in office.profile.at_vendor("atlas_accounting", "invoices") if _is_of(one, first)]
    assert invoice["status"] == "voided"
    assert office.order(first)["erpCode"] is None
    held = office.profile.query(
        "select message from marts.fct_exceptions where exception_code = 'held_by_person' and order_id = ?", first
    )
    assert "the wrong month" in held[0]["message"]


def test_a_red_difference_passes_once_a_second_person_accepts_it(office: Office, due: dict[str, Any]) -> None:
    """Somebody books an ATLAS invoice twice by hand: the control is red by its amount, and by that amount only."""
    [copy] = office.profile.query(
        "select i.order_id, i.external_id, i.invoice_number, i.amount from staging.stg_atlas_etrm__invoices as i"
        " inner join staging.stg_atlas_accounting__invoices as d on i.external_id = d.invoice_number"
        " and i.order_id = d.order_id where not d.is_voided order by i.invoice_id limit 1"
    )
    _book_again(office, copy)
    red = office.document("clerk", "run", auto_apply=GOES_ALONE, expects=(5,))
    assert red["tie_outs"]["documents_equal_atlas_etrm_invoices"] is False
    assert red["sent"] == 0
    [row] = [
        one
        for one in office.document("clerk", "accept", "--list")["red"]
        if "atlas_etrm_invoices" in one["control_name"]
    ]
    names = (row["control_name"], row["scope"])
    own = office.types("clerk", "accept", *names, "--reason", "seen")
    assert own.returncode == 1
    assert "second person" in own.stderr
    office.document("treasurer", "accept", *names, "--reason", "booked twice by hand, deleted tomorrow")
    for other in office.document("clerk", "accept", "--list")["red"]:
        office.document("treasurer", "accept", other["control_name"], other["scope"], "--reason", "the same cause")
    went_on = office.document("clerk", "run", auto_apply=GOES_ALONE)
    assert went_on["sent"] > 0, "the push goes on"
    [invoice] = [one for one in office.profile.at_vendor("atlas_accounting", "invoices") if _is_of(one, due["first"])]
    assert invoice["status"] == "voided", "held: what was taken back is not made again"
    assert office.order(due["first"])["erpCode"] is None
    [told] = office.profile.query(
        "select is_accepted, accepted_by, acceptance_reason from marts.fct_tie_outs"
        " where control_name = ? and scope = ?",
        *names,
    )
    assert told == {
        "is_accepted": True,
        "accepted_by": "treasurer",
        "acceptance_reason": "booked twice by hand, deleted tomorrow",
    }
    sound = office.document("clerk", "audit", "verify")
    assert sound["is_sound"] and sound["noted_heads"] > 5


def _is_of(invoice: dict[str, Any], order_id: int) -> bool:
    return f"atlas_etrm:order:{order_id}" in (invoice.get("notes") or "").split()


def _book_again(office: Office, copy: dict[str, Any]) -> None:
    """Posts the invoice a second time, as a person could in ATLAS ETRM."""
    told = office.profile.told
    url, environment = told["urls"]["atlas_etrm"].rstrip("/"), told["environment"]
    login = {
        "username": environment["SOURCES__ATLAS_ETRM__USERNAME"],
        "password": environment["SOURCES__ATLAS_ETRM__PASSWORD"],
    }
    answer = httpx.post(f"{url}/api/token", json=login).raise_for_status().json()
    body = {
        "orderId": copy["order_id"],
        "externalId": copy["external_id"],
        "invoiceNumber": copy["invoice_number"],
        "amount": float(copy["amount"]),
        "isPaid": False,
    }
    httpx.post(
        f"{url}/api/Invoice/Post",
        json={"data": [body]},
        headers={"Authorization": f"Bearer {answer['data']['token']}"},
    ).raise_for_status()
