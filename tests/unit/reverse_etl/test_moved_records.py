"""A record that others changed between plan and write: sent again where ours is as planned, else planned anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from write_back_desk import Desk
from write_back_fakes import document_row, failing, invoice_row, row

from pipelines.transport import errors
from pipelines.transport.reply import Reply
from reverse_etl.due import SyncRow

DOCUMENTS = "sync_atlar__documents"
UPDATES = "sync_atlar__document_updates"
INVOICES = "sync_atlas_accounting__invoices"
SENDS = "sync_atlas_accounting__invoice_sends"


def amount(value: str) -> dict[str, Any]:
    return {"instructedAmount": {"currency": "EUR", "stringValue": value}}


def remaining_row(old: str, new: str, version: int = 1) -> SyncRow:
    return row(
        "INVOICE/1",
        {"remainingAmount": amount(new)},
        operation="update",
        now={"remainingAmount": amount(old)},
        destination_id="documents-1",
        expected_version=f"version:{version}",
    )


@pytest.fixture
def document(desk: Desk) -> dict[str, Any]:
    """A document at Atlar with 100.00 open, which shows amounts in two spellings."""
    desk.apply({DOCUMENTS: [document_row("INVOICE/1", "100.00")]})
    found = desk.clients.atlar.tables["documents"]["documents-1"]
    found["remainingAmount"]["instructedAmount"]["value"] = 10000
    return found


def edited(document: dict[str, Any], **members: Any) -> None:
    """Somebody changes the document at Atlar."""
    document.update(members, version=document["version"] + 1, etag=f"version:{document['version'] + 1}")


def patches(desk: Desk) -> list[tuple[str, str]]:
    """Version and idempotency key of every PATCH."""
    return [(detail[2], detail[3]) for name, detail in desk.clients.atlar.calls if name == "patch documents"]


def test_a_change_beside_ours_does_not_stop_it(desk: Desk, document: dict[str, Any]) -> None:
    edited(document, description="a better word")
    result = desk.apply({UPDATES: [remaining_row("100.00", "60.00")]})
    assert (result.sent, result.moved) == (1, 0)
    assert document["remainingAmount"] == amount("60.00")
    assert document["description"] == "a better word"
    (first, first_key), (second, second_key) = patches(desk)
    assert (first, second) == ("version:1", "version:2")
    assert first_key != second_key, "Atlar replays its refusal under the old key"


def test_a_change_of_ours_is_planned_anew(desk: Desk, document: dict[str, Any]) -> None:
    edited(document, remainingAmount=amount("80.00"))
    result = desk.apply({UPDATES: [remaining_row("100.00", "60.00")]})
    assert (result.sent, result.moved, result.pending) == (0, 1, 1)
    assert document["remainingAmount"] == amount("80.00")
    assert json.loads(result.answers[0].record)["etag"] == "version:2", "what it is now is landed"
    assert desk.apply({UPDATES: [remaining_row("80.00", "60.00", version=2)]}).sent == 1


def test_what_somebody_else_did_for_us_is_done(desk: Desk, document: dict[str, Any]) -> None:
    edited(document, remainingAmount=amount("60.00"))
    result = desk.apply({UPDATES: [remaining_row("100.00", "60.00")]})
    assert (result.sent, len(patches(desk)), document["version"]) == (1, 1, 2)


def test_a_record_that_never_stands_still_is_given_up_for_now(desk: Desk, document: dict[str, Any]) -> None:
    def busy(act: Callable[[], Reply]) -> Reply:
        edited(document, description=f"edit {document['version']}")
        return act()

    desk.clients.atlar.faults = [busy] * 9
    result = desk.apply({UPDATES: [remaining_row("100.00", "60.00")]})
    assert (result.moved, result.pending, len(patches(desk))) == (1, 1, 3)
    assert document["remainingAmount"]["instructedAmount"]["stringValue"] == "100.00"


def test_back_to_an_earlier_value_is_a_request_of_its_own(desk: Desk, document: dict[str, Any]) -> None:
    for old, new, version in (("100.00", "60.00", 1), ("60.00", "100.00", 2), ("100.00", "60.00", 3)):
        assert desk.apply({UPDATES: [remaining_row(old, new, version)]}).sent == 1
    keys = [key for _, key in patches(desk)]
    assert len(set(keys)) == 3, "A → B → A → B under one key would replay the first answer"
    assert document["remainingAmount"] == amount("60.00")


def test_the_map_of_documents_is_read_once_and_grows(desk: Desk) -> None:
    rows = {
        DOCUMENTS: [document_row(f"INVOICE/{n}") for n in range(3)],
        "sync_atlar__payment_documents": [document_row("PAYMENT/1"), document_row("INVOICE/1")],
    }
    assert desk.apply(rows).sent == 5
    assert desk.clients.atlar.names("list documents") == ["list documents"]
    kept = [one["provenance"]["vendorId"] for one in desk.clients.atlar.tables["documents"].values()]
    assert sorted(kept) == ["INVOICE/0", "INVOICE/1", "INVOICE/2", "PAYMENT/1"]


@pytest.mark.parametrize(
    "error",
    [
        errors.RecordNotFound("atlas_accounting", "Not Found", status=404),
        errors.Refused("atlas_accounting", "Method Not Allowed", status=405),
    ],
)
def test_a_missing_endpoint_to_issue_with_is_one_finding(desk: Desk, error: errors.VendorError) -> None:
    desk.apply({INVOICES: [invoice_row(order) for order in range(1, 6)]})
    books = desk.clients.atlas_accounting
    books.faults = [failing(error) for _ in range(5)]
    due = [
        row(f"s{n}", {"ar_account_id": "a-1100"}, operation="send", destination_id=f"invoices-{n}") for n in range(1, 6)
    ]
    result = desk.apply({SENDS: due}, workers=1)
    assert (result.sent, result.rejected, len(result.findings), result.failures) == (0, 0, 1, {})
    assert "no endpoint to issue invoices" in result.findings[0]
    assert not desk.plan({SENDS: due}).items, "nothing more of it in this run"
    desk.new_run()
    books.faults = []
    assert desk.apply({SENDS: due}).sent == 5, "the next run finds the endpoint"


def test_a_draft_that_is_gone_is_that_records_own_fault(desk: Desk) -> None:
    due = row("s", {"ar_account_id": "a-1100"}, operation="send", destination_id="invoices-9")
    result = desk.apply({SENDS: [due]})
    assert (result.rejected, result.findings) == (1, [])
