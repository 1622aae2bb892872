"""What is taken back is taken back once, only as it was left, and is not made again before somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from write_back_desk import Desk
from write_back_fakes import Killed, document_row, failing, invoice_row, killed_after, row

from pipelines.transport import errors
from reverse_etl import holds
from reverse_etl.apply import ApplyResult, apply_plan, destinations_of
from reverse_etl.identity import Identity
from reverse_etl.operations_export import document_voids
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan import Plan, PlanItem, plan_of_items
from reverse_etl.present import read_present
from tieout.undo import chosen, steps
from tieout.undo.present import TABLES, Shown

INVOICES, SENDS = "sync_atlas_accounting__invoices", "sync_atlas_accounting__invoice_sends"
CODES = "sync_atlas_etrm__order_erp_codes"
CODE = row(
    "order:210", {"erpCode": "INV-1"}, operation="update", now={"erpCode": None}, order_id=210, destination_id="210"
)


def shown(table: str, record_id: str, **members: Any) -> Shown:
    name = next(name for name, _ in TABLES.values() if name == table)
    return {(name, record_id): members}


def undo(desk: Desk, present: Shown, record: str = "order:210") -> tuple[Plan, list[str | None]]:
    made = steps.steps(chosen.deliveries(desk.store, record=record), present, reason="a test")
    holds.hold(desk.store, [record], by=Identity("clerk"), reason="undo: a test", at=desk.now())
    items: list[PlanItem] = [step.item for step in made if step.item]
    plan = plan_of_items(items, desk.log.state(), origin=steps.ORIGIN)
    return read_present(plan, destinations_of(desk.clients)), [step.by_hand for step in made if step.by_hand]


def applied(desk: Desk, plan: Plan) -> ApplyResult:
    return apply_plan(plan, desk.clients, desk.log, run_id="run-3", now=desk.now, workers=1)


def with_invoice(desk: Desk) -> dict[str, Any]:
    desk.apply({INVOICES: [invoice_row()]})
    [invoice] = desk.clients.atlas_accounting.tables["invoices"]
    return invoice


def test_a_draft_is_deleted_and_not_made_again_until_it_is_released(desk: Desk) -> None:
    invoice = with_invoice(desk)
    plan, by_hand = undo(desk, shown("atlas_accounting.invoices", invoice["id"], status="draft", amount_paid=None))
    [item] = plan.items
    assert (item.operation, item.destination_id, by_hand) == ("delete", invoice["id"], [])
    assert [(one.field, one.old, one.new) for one in item.changes] == [("status", "draft", "deleted")]
    assert applied(desk, plan).sent == 1
    assert desk.clients.atlas_accounting.tables["invoices"] == []
    assert document_voids(desk.store.rows(DELIVERIES)) == [], "a draft that was deleted is no void document"
    assert desk.plan({INVOICES: [invoice_row()]}).items == (), "held, not made again"
    assert chosen.deliveries(desk.store, record="order:210") == [], "nothing stands any more"

    holds.release(desk.store, "order:210", by=Identity("lead"), reason="book it", at=desk.now())
    assert desk.plan({INVOICES: [invoice_row()]}).items == (), "the log knows that it was made once"
    assert desk.log.forget_undone(invoice["id"], plan_id=plan.plan_id, at=desk.now()) == 1
    assert desk.apply({INVOICES: [invoice_row()]}).sent == 1
    assert len(desk.clients.atlas_accounting.tables["invoices"]) == 1
    assert desk.store.verify().first_bad is None


def test_a_deletion_whose_answer_never_came_is_looked_up(desk: Desk) -> None:
    invoice = with_invoice(desk)
    plan, _ = undo(desk, shown("atlas_accounting.invoices", invoice["id"], status="draft", amount_paid=None))
    desk.clients.atlas_accounting.faults = [killed_after]
    with pytest.raises(Killed):
        applied(desk, plan)
    desk.new_run()
    assert desk.resolve().delivered == 1
    assert len(desk.clients.atlas_accounting.names("delete")) == 1


def test_what_was_issued_since_the_plan_is_left(desk: Desk) -> None:
    invoice = with_invoice(desk)
    plan, _ = undo(desk, shown("atlas_accounting.invoices", invoice["id"], status="draft", amount_paid=None))
    desk.clients.atlas_accounting.tables["invoices"][0]["status"] = "sent"
    result = applied(desk, plan)
    assert (result.sent, result.rejected) == (0, 1)
    assert "no draft any more" in result.rejections[0]
    assert desk.clients.atlas_accounting.names("delete") == []


def test_a_vendor_that_deletes_nothing_is_a_refusal_with_its_reason(desk: Desk) -> None:
    invoice = with_invoice(desk)
    plan, _ = undo(desk, shown("atlas_accounting.invoices", invoice["id"], status="draft", amount_paid=None))
    desk.clients.atlas_accounting.faults = [
        failing(errors.Refused("atlas_accounting", "method not allowed", status=405))
    ]
    assert applied(desk, plan).rejected == 1
    assert len(desk.clients.atlas_accounting.tables["invoices"]) == 1


def test_an_issued_invoice_is_voided_by_one_write_for_making_and_sending(desk: Desk) -> None:
    invoice = with_invoice(desk)
    send = row("order:210:x", {"ar_account_id": "a-1100"}, operation="send", order_id=210, destination_id=invoice["id"])
    desk.apply({SENDS: [send]})
    plan, by_hand = undo(desk, shown("atlas_accounting.invoices", invoice["id"], status="sent", amount_paid=None))
    assert [item.operation for item in plan.items] == ["void"]
    assert by_hand == []
    assert applied(desk, plan).sent == 1
    [voided] = desk.clients.atlas_accounting.tables["invoices"]
    assert (voided["status"], voided["void_reason"]) == ("voided", "Tieout undo: a test")
    assert applied(desk, plan_of_items(plan.items, desk.log.state(), origin="undo")).sent in (0, 1)
    assert len(desk.clients.atlas_accounting.names("void")) == 1, "voided once"
    told = [(void["document_type"], void["document_id"]) for void in document_voids(desk.store.rows(DELIVERIES))]
    assert told == [("invoice", invoice["id"])], "the books know that nobody else voided it"


def test_an_erp_code_is_emptied_where_it_still_is_ours(desk: Desk) -> None:
    orders = desk.clients.atlas_etrm.tables["orders"]
    orders[210] = {"id": 210, "registrationDate": "2026-04-01", "dueDate": "2026-05-01", "totalAmount": "100.00"}
    desk.apply({CODES: [CODE]})
    assert orders[210]["erpCode"] == "INV-1"
    plan, _ = undo(desk, shown("atlas_etrm.orders", "210", erp_code="INV-1"))
    assert [(one.field, one.old, one.new) for one in plan.items[0].changes] == [("erpCode", "INV-1", None)]
    assert applied(desk, plan).sent == 1
    assert orders[210]["erpCode"] is None
    assert orders[210]["totalAmount"] == "100.00", "what a Post demands was sent back"
    assert desk.plan({CODES: [CODE]}).items == ()


def test_an_erp_code_that_somebody_changed_is_theirs(desk: Desk) -> None:
    orders = desk.clients.atlas_etrm.tables["orders"]
    orders[210] = {"id": 210}
    desk.apply({CODES: [CODE]})
    plan, by_hand = undo(desk, shown("atlas_etrm.orders", "210", erp_code="SAP-1"))
    assert plan.items == ()
    assert "'SAP-1' by now" in str(by_hand[0])
    # Changed after the snapshot: the vendor is read when the plan is made, and it waits.
    orders[210]["erpCode"] = "SAP-1"
    plan, _ = undo(desk, shown("atlas_etrm.orders", "210", erp_code="INV-1"))
    assert plan.items == ()
    assert "SAP-1" in plan.waiting[0].reason


def test_a_vendor_that_keeps_what_was_emptied_is_found_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    etrm = desk.clients.atlas_etrm
    etrm.tables["orders"][210] = {"id": 210}
    desk.apply({CODES: [CODE]})
    plan, _ = undo(desk, shown("atlas_etrm.orders", "210", erp_code="INV-1"))
    post = etrm.post_orders

    def keeps(records: Any) -> Any:
        return post([{name: value for name, value in one.items() if value is not None} for one in records])

    monkeypatch.setattr(etrm, "post_orders", keeps)
    result = applied(desk, plan)
    assert (result.sent, result.rejected) == (0, 1)
    assert "still 'INV-1'" in result.rejections[0]


def test_a_document_at_atlar_is_voided_at_its_version(desk: Desk) -> None:
    desk.apply({"sync_atlar__documents": [document_row("PAYMENT/p-1")]})
    [record_id] = desk.clients.atlar.tables["documents"]
    now = desk.clients.atlar.one("documents", record_id)
    present = shown("atlar.documents", record_id, voided=False, etag=now["etag"])
    desk.clients.atlar.tables["documents"][record_id]["voided"] = False
    plan, _ = undo(desk, present, record="PAYMENT/p-1")
    assert applied(desk, plan).sent == 1
    assert desk.clients.atlar.one("documents", record_id)["voided"] is True


@pytest.mark.parametrize(
    ("sync_name", "now", "words"),
    [
        (INVOICES, {"status": "partial", "amount_paid": 5, "invoice_number": "INV-1"}, "take the payment back"),
        (INVOICES, {"status": "voided"}, "nothing to do"),
        (
            "sync_atlas_accounting__bill_approvals",
            {"status": "partial", "amount_paid": 5, "bill_number": "B-1"},
            "B-1 is paid, in whole or in part",
        ),
        (
            "sync_atlas_accounting__journal_entry_posts",
            {"status": "posted", "entry_number": "JE-1"},
            "JE-1 is posted, and Atlas Accounting describes no call",
        ),
        ("sync_atlas_accounting__netting_receipts", {}, "both sides of it"),
        ("sync_atlas_etrm__order_statuses", {}, "tieout explain tells what it was"),
        ("sync_atlar__forecasted_transactions", {"amount": {"currency": "EUR", "stringValue": "0.00"}}, "0.00 already"),
        ("sync_atlas_etrm__invoice_settlements", {"is_paid": False}, "nothing to do"),
        ("sync_atlas_etrm__invoices", {}, "delete it there"),
        ("sync_atlas_etrm__payments", {}, "delete it there"),
        ("sync_atlas_accounting__vendors", {}, "deactivate it there"),
        ("sync_atlar__documents", None, "does not have it any more"),
        ("sync_of_a_later_release", {}, "cannot take it back"),
    ],
)
def test_what_cannot_be_taken_back_says_what_a_person_must_do(
    sync_name: str, now: Mapping[str, Any] | None, words: str
) -> None:
    delivery = {
        "delivery_id": "d-1",
        "sync_name": sync_name,
        "sync_key": "k",
        "record_label": "it",
        "payload": "{}",
        "target_id": None,
        "destination_id": "id-1",
    }
    table = TABLES.get(sync_name, ("", ""))[0]
    [step] = steps.steps([delivery], {} if now is None else {(table, "id-1"): now}, reason="a test")
    assert step.item is None
    assert words in str(step.by_hand)
