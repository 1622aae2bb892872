"""Voids and what follows at ATLAS ETRM: asked for once, looked up when unknown, never over somebody else's word."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from write_back_desk import Desk
from write_back_fakes import Killed, dropped_after, failing, invoice_row, killed_after, killed_before, row

from pipelines.transport import errors
from reverse_etl.due import SyncRow
from reverse_etl.operations_export import document_voids
from reverse_etl.operations_tables import DELIVERIES

INVOICES = "sync_atlas_accounting__invoices"
VOIDS = {"invoices": "sync_atlas_accounting__invoice_voids", "bills": "sync_atlas_accounting__bill_voids"}
CODES = "sync_atlas_etrm__order_erp_codes"
REVISIONS = "sync_atlas_etrm__invoice_revisions"


def void_row(document_id: str = "invoices-1", amount: str = "100.00") -> SyncRow:
    return row(
        f"order:210:{document_id}",
        {"reason": "atlas_etrm:order:210 was changed in ATLAS ETRM; revision 2 follows"},
        operation="void",
        now={"reason": None},
        destination_id=document_id,
        order_id=210,
        amount=Decimal(amount),
    )


def _issued(desk: Desk, kind: str = "invoices") -> dict[str, Any]:
    desk.apply({INVOICES: [invoice_row()]})
    record = desk.clients.atlas_accounting.tables["invoices"][0]
    if kind == "bills":
        record |= {"id": "bills-1", "bill_number": "BILL-1"}
        desk.clients.atlas_accounting.tables["bills"].append(record)
    record["status"] = "sent"
    return record


@pytest.mark.parametrize("kind", ["invoices", "bills"])
def test_a_void_is_sent_once(desk: Desk, kind: str) -> None:
    record = _issued(desk, kind)
    assert desk.apply({VOIDS[kind]: [void_row(f"{kind}-1")]}).sent == 1
    assert record["status"] == "voided"
    desk.new_run()
    again = desk.apply({VOIDS[kind]: [void_row(f"{kind}-1")]})
    assert (again.sent, desk.clients.atlas_accounting.names("void")) == (0, [f"void {kind}"])


@pytest.mark.parametrize(("fault", "is_done"), [(killed_before, False), (killed_after, True)])
def test_a_void_that_was_killed_is_looked_up(desk: Desk, fault: Any, is_done: bool) -> None:
    record = _issued(desk)
    desk.clients.atlas_accounting.faults = [fault]
    with pytest.raises(Killed):
        desk.apply({VOIDS["invoices"]: [void_row()]})
    desk.new_run()
    resolved = desk.resolve()
    assert (resolved.delivered, resolved.pending) == ((1, 0) if is_done else (0, 1))
    if not is_done:
        assert desk.apply({VOIDS["invoices"]: [void_row()]}).sent == 1
    assert record["status"] == "voided"
    assert [void["document_id"] for void in document_voids(desk.store.rows(DELIVERIES))] == ["invoices-1"]


def test_a_lost_answer_to_a_void_is_looked_up_and_counts_as_ours(desk: Desk) -> None:
    _issued(desk)
    desk.clients.atlas_accounting.faults = [dropped_after]
    assert desk.apply({VOIDS["invoices"]: [void_row()]}).unknown == 1
    assert desk.resolve().delivered == 1
    assert [void["delivery_status"] for void in document_voids(desk.store.rows(DELIVERIES))] == ["delivered"]


def test_what_a_person_voided_meanwhile_is_held(desk: Desk) -> None:
    record = _issued(desk)
    record["status"] = "voided"
    assert desk.apply({VOIDS["invoices"]: [void_row()]}).held == 1
    assert desk.clients.atlas_accounting.names("void") == []
    assert [void["delivery_status"] for void in document_voids(desk.store.rows(DELIVERIES))] == ["held"]


def test_what_was_paid_meanwhile_is_planned_anew(desk: Desk) -> None:
    record = _issued(desk)
    record["amount_paid"] = "40.00"
    result = desk.apply({VOIDS["invoices"]: [void_row()]})
    assert (result.moved, result.sent, record["status"]) == (1, 0, "sent")


@pytest.mark.parametrize(
    "error",
    [
        errors.Conflict("atlas_accounting", "2026-02-15 is in a closed period", status=409),
        errors.RecordNotFound("atlas_accounting", "Not Found", status=404),
    ],
)
def test_a_refused_void_is_a_rejection_with_the_reason(desk: Desk, error: Exception) -> None:
    record = _issued(desk, "bills")
    desk.clients.atlas_accounting.faults = [failing(error)]
    result = desk.apply({VOIDS["bills"]: [void_row("bills-1")]})
    assert (result.rejected, record["status"]) == (1, "sent")
    voids = document_voids(desk.store.rows(DELIVERIES))
    assert [(void["document_type"], void["delivery_status"]) for void in voids] == [("bill", "rejected")]
    assert voids[0]["reason"]


ORDER = {
    "id": 210,
    "erpCode": "INV-1",
    "registrationDate": "2026-04-01T00:00:00",
    "dueDate": "2026-04-15T00:00:00",
    "totalAmount": Decimal("90.00"),
}


def _code_row(expected: str | None) -> SyncRow:
    return row(
        "order:210",
        {"erpCode": "INV-2"},
        operation="update",
        now={"erpCode": "INV-1"},
        destination_id="210",
        expected_version=expected,
    )


def test_a_revision_replaces_our_own_erp_code(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = dict(ORDER)
    assert desk.apply({CODES: [_code_row("INV-1")]}).sent == 1
    saved = desk.clients.atlas_etrm.tables["orders"][210]
    assert saved == ORDER | {"erpCode": "INV-2"}


def test_a_code_that_somebody_else_wrote_meanwhile_stays(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = ORDER | {"erpCode": "SAP-1"}
    assert desk.apply({CODES: [_code_row("INV-1")]}).held == 1
    assert desk.clients.atlas_etrm.tables["orders"][210]["erpCode"] == "SAP-1"


def _revision_row() -> SyncRow:
    return row(
        "document:i-2",
        {"externalId": "INV-2", "invoiceNumber": "INV-2", "amount": "90.00"},
        operation="update",
        now={"externalId": "INV-1", "invoiceNumber": "INV-1", "amount": "100.00"},
        destination_id="640",
        expected_version="INV-1",
    )


def test_the_invoice_of_a_voided_document_becomes_its_revisions(desk: Desk) -> None:
    etrm = desk.clients.atlas_etrm.tables["invoices"]
    etrm[640] = {"id": 640, "orderId": 210, "externalId": "INV-1", "invoiceNumber": "INV-1", "amount": "100.00"}
    assert desk.apply({REVISIONS: [_revision_row()]}).sent == 1
    assert (etrm[640]["externalId"], etrm[640]["amount"], etrm[640]["orderId"]) == ("INV-2", "90.00", 210)


@pytest.mark.parametrize("change", [{"isPaid": True}, {"externalId": "SAP-9"}])
def test_an_invoice_that_was_paid_or_taken_meanwhile_is_a_persons(desk: Desk, change: dict[str, Any]) -> None:
    etrm = desk.clients.atlas_etrm.tables["invoices"]
    etrm[640] = {"id": 640, "orderId": 210, "externalId": "INV-1", "amount": "100.00", **change}
    assert desk.apply({REVISIONS: [_revision_row()]}).held == 1
    assert etrm[640]["amount"] == "100.00"
