"""ATLAS ETRM's master data, statuses and isPaid: changed only from what the change was planned from."""

from __future__ import annotations

from typing import Any

import pytest
from write_back_desk import Desk
from write_back_fakes import dropped_after, row

from reverse_etl.catalog import BY_NAME
from reverse_etl.due import SyncRow

FIELDS = "sync_atlas_etrm__counterparty_fields"
BANK = "sync_atlas_etrm__counterparty_bank_details"
MISSING = "sync_atlas_etrm__missing_counterparties"
STATUSES = "sync_atlas_etrm__order_statuses"
REOPENINGS = "sync_atlas_etrm__invoice_reopenings"

IBAN = "GR1601101250000000012300695"


def correction(now: dict[str, Any], new: dict[str, Any]) -> SyncRow:
    return row("counterparty:57", new, operation="update", now=now, destination_id="57")


@pytest.fixture
def helios(desk: Desk) -> dict[str, Any]:
    """A counterparty of ATLAS ETRM."""
    record = {"id": 57, "legalName": "Helios PV", "vat": "", "glAccount": "6400", "iban": "GR1", "city": "Volos"}
    desk.clients.atlas_etrm.tables["counterparties"][57] = record
    return desk.clients.atlas_etrm.tables["counterparties"][57]


def kept(desk: Desk) -> dict[str, Any]:
    return desk.clients.atlas_etrm.tables["counterparties"][57]


def test_fields_are_corrected_and_the_rest_stays(desk: Desk, helios: dict[str, Any]) -> None:
    due = correction({"vat": None, "glAccount": "6400"}, {"vat": "EL099887766", "glAccount": "6410"})
    assert desk.apply({FIELDS: [due]}).sent == 1
    assert kept(desk) == helios | {"vat": "EL099887766", "glAccount": "6410"}
    posted = next(detail for name, detail in desk.clients.atlas_etrm.calls if name == "post counterparties")
    assert posted == [{"id": 57, "legalName": "Helios PV", "vat": "EL099887766", "glAccount": "6410"}]


def test_a_field_that_somebody_changed_meanwhile_is_not_overwritten(desk: Desk, helios: dict[str, Any]) -> None:
    helios["glAccount"] = "6499"
    result = desk.apply({FIELDS: [correction({"glAccount": "6400"}, {"glAccount": "6410"})]})
    assert (result.sent, result.moved, result.pending) == (0, 1, 1)
    assert desk.clients.atlas_etrm.names("post") == []
    assert len(result.answers) == 1, "what it is now is landed"


def test_a_correction_whose_answer_was_lost_is_found(desk: Desk, helios: dict[str, Any]) -> None:
    desk.clients.atlas_etrm.faults = [dropped_after]
    assert desk.apply({FIELDS: [correction({"glAccount": "6400"}, {"glAccount": "6410"})]}).unknown == 1
    desk.new_run()
    assert desk.resolve().delivered == 1
    assert len(desk.clients.atlas_etrm.names("post")) == 1


def test_bank_details_are_never_applied_by_themselves(desk: Desk, helios: dict[str, Any]) -> None:
    assert BY_NAME[BANK].always_needs_approval
    assert BY_NAME[REOPENINGS].always_needs_approval
    assert desk.apply({BANK: [correction({"iban": "GR1"}, {"iban": IBAN})]}).sent == 1, "an approved plan sends them"
    assert kept(desk)["iban"] == IBAN


def test_an_iban_that_moved_is_refused_without_being_told_in_full(desk: Desk, helios: dict[str, Any]) -> None:
    helios["iban"] = "DE89370400440532013000"
    result = desk.apply({BANK: [correction({"iban": "GR1"}, {"iban": IBAN})]})
    assert (result.sent, result.moved) == (0, 1)
    told = [past.reason for many in desk.log.state().deliveries.values() for past in many]
    assert told == ["atlas_etrm: iban of counterparties 57 changed since the plan"]


def party(code: str, name: str, vat: str | None = None) -> SyncRow:
    body = {"externalId": code, "legalName": name} | ({"vat": vat} if vat else {})
    return row(f"party:{code}", body)


def test_missing_counterparties_are_made_once(desk: Desk) -> None:
    rows = {MISSING: [party("C-1", "New Ltd", "DE1"), party("C-2", "Other Ltd")]}
    desk.clients.atlas_etrm.faults = [dropped_after]
    assert desk.apply(rows).unknown == 2
    desk.new_run()
    assert desk.resolve().delivered == 2
    assert [one["externalId"] for one in desk.clients.atlas_etrm.tables["counterparties"].values()] == ["C-1", "C-2"]


def test_a_party_that_appeared_under_its_vat_number_or_name_is_matched_not_made(
    desk: Desk, helios: dict[str, Any]
) -> None:
    helios["vat"] = "EL1"
    result = desk.apply({MISSING: [party("C-1", "Somebody", "EL1"), party("C-2", "Helios PV"), party("C-3", "New")]})
    assert (result.sent, result.moved) == (1, 2)
    assert len(desk.clients.atlas_etrm.tables["counterparties"]) == 2


@pytest.mark.parametrize(("before", "after"), [("Approved Payment by ETRM", "Settled"), (7, 8)])
def test_a_status_goes_out_with_what_order_post_demands(desk: Desk, before: object, after: object) -> None:
    order = {"id": 1, "status": before, "registrationDate": "a", "dueDate": "b", "totalAmount": "1.00"}
    desk.clients.atlas_etrm.tables["orders"][1] = dict(order)
    due = row("order:1", {"status": str(after)}, operation="update", now={"status": str(before)}, destination_id="1")
    assert desk.apply({STATUSES: [due]}).sent == 1
    assert desk.clients.atlas_etrm.tables["orders"][1] == order | {"status": after}


def test_an_order_that_a_person_moved_on_stays(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][1] = {"id": 1, "status": "Settled"}
    due = row("order:1", {"status": "Sent"}, operation="update", now={"status": "Approved"}, destination_id="1")
    assert desk.apply({STATUSES: [due]}).moved == 1
    assert desk.clients.atlas_etrm.names("post") == []


def test_is_paid_is_taken_back_with_all_that_was_read(desk: Desk) -> None:
    invoice = {"id": 11, "orderId": 1, "externalId": "INV-1", "invoiceNumber": "1", "amount": "10.00", "isPaid": True}
    desk.clients.atlas_etrm.tables["invoices"][11] = dict(invoice)
    due = row("invoice:11", {"isPaid": False}, operation="update", now={"isPaid": True}, destination_id="11")
    assert desk.apply({REOPENINGS: [due]}).sent == 1
    assert desk.clients.atlas_etrm.tables["invoices"][11] == invoice | {"isPaid": False}
    desk.new_run()
    assert desk.apply({REOPENINGS: [due]}).sent == 1, "done is done"
    assert len(desk.clients.atlas_etrm.names("post")) == 1
