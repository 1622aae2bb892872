"""Planning: what is sent, what is not, and the same from the same."""

from __future__ import annotations

import pytest
from write_back_desk import Desk
from write_back_fakes import atlas_invoice_row, document_row, failing, invoice_row, row

from pipelines.transport import errors
from reverse_etl.due import SyncRow
from reverse_etl.log_state import LogState
from reverse_etl.plan import FieldChange, make_plan

INVOICES = "sync_atlas_accounting__invoices"
CODES = "sync_atlas_etrm__order_erp_codes"


def code_row(order_id: int = 210, code: str = "INV-1") -> SyncRow:
    return row(
        f"order:{order_id}", {"erpCode": code}, operation="update", now={"erpCode": None}, destination_id=str(order_id)
    )


def test_items_come_in_the_order_in_which_they_become_due() -> None:
    rows = {"sync_atlar__documents": [document_row("INVOICE/1")], INVOICES: [invoice_row(2), invoice_row(1)]}
    plan = make_plan(rows, LogState())
    assert [(item.sync_name, item.sync_key) for item in plan.items] == [
        (INVOICES, "order:1"),
        (INVOICES, "order:2"),
        ("sync_atlar__documents", "INVOICE/1"),
    ]


def test_the_same_rows_give_the_same_plan_and_keys_whatever_their_order() -> None:
    one = make_plan({INVOICES: [invoice_row(1), invoice_row(2)]}, LogState())
    two = make_plan({INVOICES: [invoice_row(2), invoice_row(1)]}, LogState())
    other = make_plan({INVOICES: [invoice_row(1, "100.01"), invoice_row(2)]}, LogState())
    assert (one.hash, one.plan_id) == (two.hash, two.plan_id)
    assert [item.delivery_key for item in one.items] == [item.delivery_key for item in two.items]
    assert other.hash != one.hash
    assert other.items[0].delivery_key != one.items[0].delivery_key


def test_changes_are_told_field_by_field() -> None:
    changed = row(
        "AR.1",
        {"status": "PAID", "dueDate": "2026-05-01"},
        operation="update",
        now={"status": "OPEN", "dueDate": "2026-05-01"},
        destination_id="ar-1",
        expected_version="version:3",
    )
    item = make_plan({"sync_atlar__accounts_receivables": [changed]}, LogState()).items[0]
    assert item.changes == (FieldChange("status", "OPEN", "PAID"),)
    assert item.fields == {"status": "PAID"}, "only what differs is sent"


def test_an_update_that_changes_nothing_is_not_planned() -> None:
    same = row("order:1", {"erpCode": "A"}, operation="update", now={"erpCode": "A"}, destination_id="1")
    assert not make_plan({CODES: [same]}, LogState())


def test_only_the_syncs_allowed_are_planned() -> None:
    plan = make_plan({INVOICES: [invoice_row()]}, LogState(), allowed={"sync_atlar__documents"})
    assert not plan.items


def test_money_as_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="money is written as text"):
        make_plan({INVOICES: [row("order:1", {"amount": 1.5})]}, LogState())


def test_an_unknown_sync_and_a_key_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="no sync named"):
        make_plan({"sync_nowhere__things": []}, LogState())
    with pytest.raises(ValueError, match="twice"):
        make_plan({INVOICES: [invoice_row(1), invoice_row(1)]}, LogState())


def test_what_was_refused_is_planned_again_only_with_another_payload(desk: Desk) -> None:
    desk.clients.atlas_accounting.faults = [
        failing(errors.Refused("atlas_accounting", "no", details=[("lines", "bad")]))
    ]
    first = desk.apply({INVOICES: [invoice_row()]})
    assert (first.rejected, first.sent) == (1, 0)
    again = desk.plan({INVOICES: [invoice_row()]})
    assert not again.items
    assert [skipped.reason for skipped in again.rejected] == ["atlas_accounting: no lines: bad"]
    assert desk.plan({INVOICES: [invoice_row(price="100.01")]}).items


def test_a_dismissed_refusal_is_a_new_attempt_with_a_new_idempotency_key(desk: Desk) -> None:
    documents = {"sync_atlar__documents": [document_row("INVOICE/1")]}
    desk.clients.atlar.faults = [failing(errors.Refused("atlar", "no", status=400))]
    desk.apply(documents)
    refused = desk.log.state().history("sync_atlar__documents", "INVOICE/1")[0]
    desk.log.dismiss(refused.delivery_id, by="clerk", reason="mended at Atlar", at=desk.now())
    assert desk.apply(documents).sent == 1
    (_, first_key), (_, second_key) = [
        detail for name, detail in desk.clients.atlar.calls if name == "create documents"
    ]
    assert first_key != second_key
    assert len(first_key) <= 64


def test_a_delivered_create_that_is_gone_is_held_and_not_made_again(desk: Desk) -> None:
    assert desk.apply({INVOICES: [invoice_row()]}).sent == 1
    desk.new_run()
    plan = desk.plan({INVOICES: [invoice_row()]})
    assert not plan.items
    assert plan.held[0].is_new
    assert "delivered on 2026-04-10" in plan.held[0].reason
    desk.log.hold(plan.held, at=desk.now())
    assert desk.statuses() == {"order:210": "held"}
    assert not desk.plan({INVOICES: [invoice_row()]}).held[0].is_new
    assert not desk.plan({INVOICES: [invoice_row(price="100.01")]}).items, "nor with another content"


def test_an_update_the_destination_takes_but_does_not_show_is_held_within_the_run(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = {
        "id": 210,
        "erpCode": None,
        "registrationDate": "2026-04-01T00:00:00",
        "dueDate": "2026-04-15T00:00:00",
        "totalAmount": "85500.00",
    }
    assert desk.apply({CODES: [code_row()]}).sent == 1
    assert "does not show it" in desk.plan({CODES: [code_row()]}).held[0].reason
    desk.new_run()
    assert desk.plan({CODES: [code_row()]}).items, "in a later run somebody may have cleared it: it is due again"


def test_an_unknown_delivery_waits(desk: Desk) -> None:
    desk.clients.atlas_etrm.faults = [failing(errors.OutcomeUnknown("atlas_etrm", "no answer"))]
    rows = {"sync_atlas_etrm__invoices": [atlas_invoice_row("INV-1", 210)]}
    assert desk.apply(rows).unknown == 1
    plan = desk.plan(rows)
    assert not plan.items
    assert [skipped.row.sync_key for skipped in plan.waiting] == ["document:INV-1"]
