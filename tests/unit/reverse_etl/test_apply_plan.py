"""Sending: intent before act, no effect twice, one record's failure never another's."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from write_back_desk import Desk
from write_back_fakes import (
    Killed,
    atlas_invoice_row,
    document_row,
    dropped_after,
    failing,
    invoice_row,
    killed_after,
    killed_before,
    row,
)

from pipelines.transport import errors
from reverse_etl.apply import apply_plan
from reverse_etl.due import SyncRow
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES

INVOICES = "sync_atlas_accounting__invoices"
SENDS = "sync_atlas_accounting__invoice_sends"
CODES = "sync_atlas_etrm__order_erp_codes"
ATLAS_INVOICES = "sync_atlas_etrm__invoices"
DOCUMENTS = "sync_atlar__documents"
RECEIVABLES = "sync_atlar__accounts_receivables"

ORDER = {
    "id": 210,
    "erpCode": None,
    "registrationDate": "2026-04-01T00:00:00",
    "dueDate": "2026-04-15T00:00:00",
    "totalAmount": Decimal("85500.00"),
}


def code_row(code: str = "INV-1") -> SyncRow:
    return row("order:210", {"erpCode": code}, operation="update", now={"erpCode": None}, destination_id="210")


def receivable_row(key: str) -> SyncRow:
    body = {"externalId": key, "amount": {"currency": "EUR", "stringValue": "1.00"}}
    return row(key, body)


def test_the_intent_is_committed_before_the_request(desk: Desk) -> None:
    seen: list[str] = []

    def look(act: object) -> object:
        seen.extend(row["status"] for row in desk.store.rows(DELIVERIES))
        return act()

    desk.clients.atlas_accounting.faults = [look]
    assert desk.apply({INVOICES: [invoice_row()]}).sent == 1
    assert seen == ["sent"]
    delivered = desk.store.rows(DELIVERIES)[0]
    assert (delivered["status"], delivered["destination_id"], delivered["destination_number"]) == (
        "delivered",
        "invoices-1",
        "INV-1",
    )


@pytest.mark.parametrize(("fault", "made"), [(killed_before, 0), (killed_after, 1)])
@pytest.mark.parametrize(
    ("sync_name", "due", "table"),
    [
        (INVOICES, invoice_row(), "invoices"),
        (ATLAS_INVOICES, atlas_invoice_row("INV-1", 210), "invoices"),
        (DOCUMENTS, document_row("INVOICE/1"), "documents"),
    ],
)
def test_a_crash_leaves_unknown_and_is_looked_up(
    desk: Desk, sync_name: str, due: SyncRow, table: str, fault: object, made: int
) -> None:
    vendor = getattr(desk.clients, sync_name.removeprefix("sync_").split("__")[0])
    vendor.faults = [fault]
    with pytest.raises(Killed):
        desk.apply({sync_name: [due]})
    assert list(desk.statuses().values()) == ["sent"]
    desk.new_run()
    assert not desk.plan({sync_name: [due]}).items, "unknown is never planned"
    found = desk.resolve()
    assert (found.delivered, found.pending, len(found.answers)) == (made, 1 - made, made)
    # Where it happened the next landing shows it and the row is gone; where not it is sent, once.
    if not made:
        assert desk.slept, "what is not found is given time to finish"
        assert desk.apply({sync_name: [due]}).sent == 1
    assert len(vendor.tables[table]) == 1


def test_a_commit_whose_answer_is_lost_is_harmless(desk: Desk) -> None:
    desk.clients.atlas_accounting.faults = [None, dropped_after]
    rows = {INVOICES: [invoice_row(order) for order in range(1, 6)]}
    result = desk.apply(rows, workers=1)
    assert (result.sent, result.unknown) == (4, 1)
    desk.new_run()
    desk.time += timedelta(days=2)
    assert desk.resolve().delivered == 1
    notes = [record["notes"] for record in desk.clients.atlas_accounting.tables["invoices"]]
    assert sorted(notes) == [f"atlas_etrm:order:{order}" for order in range(1, 6)]
    assert set(desk.statuses().values()) == {"delivered"}


def test_a_lost_atlar_document_is_found_after_its_key_has_expired(desk: Desk) -> None:
    desk.clients.atlar.faults = [dropped_after]
    desk.apply({DOCUMENTS: [document_row("INVOICE/1")]})
    desk.clients.atlar.remembered.clear()
    desk.time += timedelta(hours=25)
    assert desk.resolve().delivered == 1
    assert len(desk.clients.atlar.tables["documents"]) == 1


def test_what_did_not_happen_goes_again_under_the_same_idempotency_key(desk: Desk) -> None:
    desk.clients.atlar.faults = [failing(errors.OutcomeUnknown("atlar", "no answer"))]
    rows = {DOCUMENTS: [document_row("INVOICE/1")]}
    desk.apply(rows)
    assert desk.resolve().pending == 1
    assert desk.apply(rows).sent == 1
    keys = [detail[1] for name, detail in desk.clients.atlar.calls if name == "create documents"]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_failed_look_up_leaves_it_unknown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.clients.atlas_etrm.faults = [dropped_after]
    desk.apply({ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]})

    def down(*_: object) -> list[object]:
        raise errors.Unreachable("atlas_etrm", "no connection")

    monkeypatch.setattr(desk.clients.atlas_etrm, "invoices_by_external_ids", down)
    result = desk.resolve()
    assert (result.unknown, result.failures) == (1, {"atlas_etrm": "atlas_etrm: no connection"})
    assert not desk.plan({ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]}).items


def test_success_false_is_a_refusal_with_the_vendors_fields(desk: Desk) -> None:
    desk.clients.atlas_etrm.poison = "INV-1"
    result = desk.apply({ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]})
    assert (result.sent, result.rejected) == (0, 1)
    assert result.rejections == ["document:INV-1: atlas_etrm: answered success: false externalId: is bad"]
    assert result.touched == frozenset()


def test_a_refused_batch_is_halved_until_the_culprit_stands_alone(desk: Desk) -> None:
    desk.clients.atlas_etrm.poison = "INV-17"
    result = desk.apply({ATLAS_INVOICES: [atlas_invoice_row(f"INV-{n}", n) for n in range(40)]})
    assert (result.sent, result.rejected) == (39, 1)
    kept = {record["externalId"] for record in desk.clients.atlas_etrm.tables["invoices"].values()}
    assert kept == {f"INV-{n}" for n in range(40)} - {"INV-17"}
    assert desk.statuses()["document:INV-17"] == "rejected"


def test_a_batch_is_one_read_and_one_write(desk: Desk) -> None:
    desk.apply({ATLAS_INVOICES: [atlas_invoice_row(f"INV-{n}", n) for n in range(50)]})
    assert [name for name, _ in desk.clients.atlas_etrm.calls] == ["read invoices", "post invoices"]


def test_an_invoice_that_is_there_already_is_not_sent(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["invoices"][7] = {
        "id": 7,
        "orderId": 210,
        "externalId": "INV-1",
        "invoiceNumber": "1",
    }
    result = desk.apply({ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]})
    assert (result.sent, desk.clients.atlas_etrm.names("post")) == (1, [])
    assert json.loads(result.answers[0].record)["id"] == 7


def test_an_external_id_of_another_order_is_held(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["invoices"][7] = {"id": 7, "orderId": 999, "externalId": "INV-1"}
    result = desk.apply({ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]})
    assert (result.held, desk.clients.atlas_etrm.names("post")) == (1, [])


def test_order_post_sends_back_what_was_just_read(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = dict(ORDER)
    assert desk.apply({CODES: [code_row()]}).sent == 1
    posted = next(detail for name, detail in desk.clients.atlas_etrm.calls if name == "post orders")
    assert posted == [{**ORDER, "erpCode": "INV-1"}]


def test_another_erp_code_is_left_for_a_person(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = {**ORDER, "erpCode": "SAP-77"}
    result = desk.apply({CODES: [code_row()]})
    assert (result.held, desk.clients.atlas_etrm.names("post")) == (1, [])
    assert desk.clients.atlas_etrm.tables["orders"][210]["erpCode"] == "SAP-77"
    assert "'SAP-77' already" in desk.store.rows(DELIVERIES)[0]["reason"]


def test_nothing_to_do_asks_nobody_anything(desk: Desk) -> None:
    result = desk.apply({ATLAS_INVOICES: [], CODES: []})
    resolved = desk.resolve()
    assert (result.sent, resolved.delivered) == (0, 0)
    assert desk.clients.atlas_etrm.calls == desk.clients.atlar.calls == desk.clients.atlas_accounting.calls == []


def test_one_refused_record_fails_nobody_else(desk: Desk) -> None:
    refusal = errors.Refused("atlas_accounting", "Validation failed", details=[("customer_id", "unknown")], status=422)
    desk.clients.atlas_accounting.faults = [None, failing(refusal)]
    result = desk.apply({INVOICES: [invoice_row(order) for order in range(1, 21)]})
    assert (result.sent, result.rejected) == (19, 1)
    assert "customer_id: unknown" in result.rejections[0]


def test_sending_looks_at_the_present_state_first(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({INVOICES: [invoice_row()]})
    due = row("s", {"ar_account_id": "a-1100"}, operation="send", destination_id="invoices-1", amount=Decimal("100.00"))
    books.tables["invoices"][0]["status"] = "sent"
    assert desk.apply({SENDS: [due]}).sent == 1
    assert books.names("issue") == []


def test_a_draft_that_moved_is_not_sent(desk: Desk) -> None:
    desk.apply({INVOICES: [invoice_row()]})
    desk.clients.atlas_accounting.tables["invoices"][0]["total_amount"] = "900.00"
    due = row("s", {"ar_account_id": "a-1100"}, operation="send", destination_id="invoices-1", amount=Decimal("100.00"))
    result = desk.apply({SENDS: [due]})
    assert (result.moved, result.pending, result.sent) == (1, 1, 0)
    assert desk.clients.atlas_accounting.tables["invoices"][0]["status"] == "draft"


def test_a_voided_draft_is_held(desk: Desk) -> None:
    desk.apply({INVOICES: [invoice_row()]})
    desk.clients.atlas_accounting.tables["invoices"][0]["status"] = "voided"
    due = row("s", {"ar_account_id": "a-1100"}, operation="send", destination_id="invoices-1")
    assert desk.apply({SENDS: [due]}).held == 1


def test_an_atlar_record_that_moved_is_read_again_and_planned_anew(desk: Desk) -> None:
    desk.apply({DOCUMENTS: [document_row("INVOICE/1")]})
    document = desk.clients.atlar.tables["documents"]["documents-1"]
    document.update(version=2, etag="version:2", description="edited by hand")
    due = row(
        "INVOICE/1",
        {"voided": True},
        operation="update",
        now={"voided": False},
        destination_id="documents-1",
        expected_version="version:1",
    )
    result = desk.apply({"sync_atlar__document_updates": [due]})
    assert (result.moved, result.sent) == (1, 0)
    assert json.loads(result.answers[0].record)["etag"] == "version:2"
    assert "voided" not in document


def test_a_taken_external_id_is_the_record_itself(desk: Desk, tmp_path: Path) -> None:
    desk.apply({RECEIVABLES: [receivable_row("AR.1")]})
    desk.clients.atlar.remembered.clear()
    # The log is lost: the key still stands in the vendor's own record.
    fresh = Desk(OperationsStore(tmp_path / "another.sqlite"), desk.clients)
    result = fresh.apply({RECEIVABLES: [receivable_row("AR.1")]})
    assert (result.sent, result.rejected) == (1, 0)
    assert fresh.store.rows(DELIVERIES)[0]["reason"] == "it was there already"
    assert len(desk.clients.atlar.tables["accounts_receivables"]) == 1


def test_a_lost_log_makes_no_second_document(desk: Desk, tmp_path: Path) -> None:
    desk.apply({DOCUMENTS: [document_row("INVOICE/1")]})
    desk.clients.atlar.remembered.clear()
    fresh = Desk(OperationsStore(tmp_path / "another.sqlite"), desk.clients)
    assert fresh.apply({DOCUMENTS: [document_row("INVOICE/1"), document_row("INVOICE/2")]}).sent == 2
    assert len(desk.clients.atlar.tables["documents"]) == 2


def test_missing_ap_ar_endpoints_are_one_finding_that_names_the_setting(desk: Desk) -> None:
    desk.clients.atlar.missing = frozenset({"accounts_receivables"})
    rows = {RECEIVABLES: [receivable_row(f"AR.{n}") for n in range(30)]}
    result = desk.apply(rows, workers=2)
    assert (result.sent, result.rejected, len(result.findings)) == (0, 0, 1)
    assert "SOURCES__ATLAR__AP_AR_MODE" in result.findings[0]
    assert result.failures == {}
    assert not desk.plan(rows).items, "nothing more of it in this run"
    shown = desk.store.rows(DELIVERIES, status="held")
    assert [(one["sync_key"], one["sync_name"]) for one in shown] == [("*", RECEIVABLES)]
    desk.new_run()
    desk.clients.atlar.missing = frozenset()
    assert desk.apply(rows).sent == 30
    assert desk.store.rows(DELIVERIES, status="held") == []


def test_refused_credentials_leave_the_system_alone_and_nothing_unknown(desk: Desk) -> None:
    desk.clients.atlas_accounting.faults = [
        failing(errors.CredentialsRefused("atlas_accounting", "401")) for _ in range(9)
    ]
    rows = {INVOICES: [invoice_row(order) for order in range(1, 9)], DOCUMENTS: [document_row("INVOICE/1")]}
    result = desk.apply(rows, workers=1)
    assert result.failures == {"atlas_accounting": "atlas_accounting: 401"}
    assert (result.sent, result.unknown, result.rejected) == (1, 0, 0), "the other system goes on"
    assert len(desk.clients.atlas_accounting.names("create")) < 8
    assert len(desk.plan(rows).items) == 8


def test_a_missing_right_closes_one_sync_only(desk: Desk) -> None:
    desk.clients.atlar.faults = [
        failing(errors.PermissionRefused("atlar", "accounting_documents:create")) for _ in range(3)
    ]
    result = desk.apply({DOCUMENTS: [document_row("INVOICE/1")]})
    assert result.failures == {}
    assert result.findings == ["atlar: accounting_documents:create"]


@pytest.mark.parametrize(
    "error",
    [errors.Refused("atlar", "glEntityId: unknown filter", status=400), errors.VendorFault("atlar", "502"),
     errors.UnexpectedAnswer("atlar", "HTML instead of JSON"), errors.RecordNotFound("atlar", "404")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_sync_that_cannot_be_prepared_stops_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: errors.VendorError
) -> None:
    def listed(*_: object, **__: object) -> object:
        raise error

    rows = {DOCUMENTS: [document_row("INVOICE/1")], RECEIVABLES: [receivable_row("AR.1")], CODES: [code_row()]}
    desk.clients.atlas_etrm.tables["orders"] = {210: dict(ORDER)}
    with monkeypatch.context() as patched:
        patched.setattr(desk.clients.atlar, "listed", listed)
        result = desk.apply(rows)
    assert (result.sent, result.pending, result.failures) == (2, 1, {})
    assert result.findings[0].startswith(f"{DOCUMENTS}: atlar: ")
    assert "1 records of it wait" in result.findings[0]
    assert not desk.plan({DOCUMENTS: rows[DOCUMENTS]}).items, "nothing more of it in this run"
    desk.new_run()
    assert desk.apply({DOCUMENTS: rows[DOCUMENTS]}).sent == 1
    assert desk.store.rows(DELIVERIES, status="held") == []


def test_a_vendor_that_cannot_be_asked_while_a_sync_is_prepared_is_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(*_: object, **__: object) -> object:
        raise errors.Unreachable("atlar", "no connection")

    monkeypatch.setattr(desk.clients.atlar, "listed", listed)
    result = desk.apply({DOCUMENTS: [document_row("INVOICE/1")], RECEIVABLES: [receivable_row("AR.1")]})
    assert (result.sent, result.failures) == (0, {"atlar": "atlar: no connection"})
    assert desk.store.rows(DELIVERIES) == [], "without an intent nothing is unknown"


def test_an_iban_in_a_vendors_reason_is_masked(desk: Desk) -> None:
    told = errors.Refused("atlas_accounting", "bad account DE89370400440532013000")
    desk.clients.atlas_accounting.faults = [failing(told)]
    result = desk.apply({INVOICES: [invoice_row()]})
    assert "DE…3000" in result.rejections[0]
    assert "370400440532" not in str(desk.store.rows(DELIVERIES))


def test_a_defect_is_raised_after_the_others_are_noted(desk: Desk) -> None:
    def broken(act: object) -> object:
        raise KeyError("a bug of ours")

    desk.clients.atlas_accounting.faults = [None, broken]
    with pytest.raises(KeyError):
        desk.apply({INVOICES: [invoice_row(order) for order in (1, 2)]}, workers=1)
    assert sorted(desk.statuses().values()) == ["delivered", "unknown"]


def test_progress_names_every_record(desk: Desk) -> None:
    told: list[str] = []
    plan = desk.plan({INVOICES: [invoice_row(1), invoice_row(2)]})
    apply_plan(plan, desk.clients, desk.log, run_id="r", now=desk.now, progress=told.append)
    assert sorted(told) == ["order:1", "order:2"]


def test_the_trail_of_a_busy_run_verifies(desk: Desk) -> None:
    desk.clients.atlas_accounting.faults = [None, dropped_after, None]
    desk.apply({INVOICES: [invoice_row(order) for order in range(1, 30)]})
    desk.resolve()
    assert desk.store.verify().first_bad is None
    exported = desk.store.export()["deliveries"].to_pylist()
    assert len(exported) == 29
    assert {one["amount"] for one in exported} == {Decimal("100.0000")}
