"""Offsets by agreement: two payments and their applications, each once, whatever happens in between."""

from __future__ import annotations

from decimal import Decimal

import pytest
from write_back_desk import Desk
from write_back_fakes import Killed, dropped_after, killed_after, row

from reverse_etl.due import SyncRow

MADE = "sync_atlas_accounting__netting_payments_made"
RECEIPTS = "sync_atlas_accounting__netting_receipts"
APPLICATIONS = "sync_atlas_accounting__netting_applications"
KEY = "atlas_etrm:netting:EFET-104:2026-03-26:1"


def receipt_row() -> SyncRow:
    """The receivable side that is due."""
    body = {"customer_id": "c-1", "amount": "100.00", "reference_number": KEY, "ar_account_id": "a-1100"}
    return row(f"netting:{KEY}", body, amount=Decimal("100.00"))


def made_row() -> SyncRow:
    """The payable side that is due."""
    applications = [{"bill_id": "b-1", "amount_applied": "100.00"}]
    body = {"vendor_id": "v-1", "amount": "100.00", "reference_number": KEY, "applications": applications}
    return row(f"netting:{KEY}", body, amount=Decimal("100.00"))


def application_row(invoice: str, amount: str) -> SyncRow:
    """An application that is due."""
    body = {"invoice_id": invoice, "amount": amount}
    return row(f"netting:{KEY}:{invoice}", body, operation="apply", destination_id="payments-1", amount=Decimal(amount))


@pytest.mark.parametrize(
    ("sync_name", "due", "table"), [(MADE, made_row(), "payments_made"), (RECEIPTS, receipt_row(), "payments")]
)
def test_a_side_whose_answer_is_lost_is_found_by_its_reference(
    desk: Desk, sync_name: str, due: SyncRow, table: str
) -> None:
    desk.clients.atlas_accounting.faults = [dropped_after]
    assert desk.apply({sync_name: [due]}).unknown == 1
    desk.new_run()
    assert desk.resolve().delivered == 1
    assert len(desk.clients.atlas_accounting.tables[table]) == 1


def test_the_control_account_goes_beside_the_body(desk: Desk) -> None:
    desk.apply({RECEIPTS: [receipt_row()]})
    assert "ar_account_id" not in desk.clients.atlas_accounting.tables["payments"][0]


def test_applications_of_one_payment_happen_once_each(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({RECEIPTS: [receipt_row()]})
    rows = [application_row("i-1", "60.00"), application_row("i-2", "40.00")]
    books.faults = [None, killed_after]
    with pytest.raises(Killed):
        desk.apply({APPLICATIONS: rows})
    desk.new_run()
    assert desk.resolve().delivered == len(rows)
    assert [one["invoice_id"] for one in books.tables["payments"][0]["applications"]] == ["i-1", "i-2"]
    assert books.tables["payments"][0]["unapplied_amount"] == "0.00"


def test_more_than_is_left_is_not_applied(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({RECEIPTS: [receipt_row()]})
    books.tables["payments"][0]["unapplied_amount"] = "10.00"
    result = desk.apply({APPLICATIONS: [application_row("i-1", "60.00")]})
    assert (result.sent, result.moved) == (0, 1)
    assert books.names("apply payment") == []


def test_a_part_of_a_payment_is_delivered_although_the_payment_shows_its_whole_amount(desk: Desk) -> None:
    desk.apply({RECEIPTS: [receipt_row()]})
    result = desk.apply({APPLICATIONS: [application_row("i-1", "60.00")]})
    assert (result.sent, result.held) == (1, 0)
