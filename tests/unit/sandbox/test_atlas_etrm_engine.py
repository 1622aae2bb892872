"""The rules of ATLAS ETRM: reads that mean everything, upserts, and the moves it makes by itself (contract 3 to 6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.atlas_etrm.engine import AtlasEtrmEngine
from sandbox.atlas_etrm.errors import AtlasEtrmError
from sandbox.atlas_etrm.statuses import STATUSES
from sandbox.clock import SandboxClock
from sandbox.store import Store

NEEDED = {
    "registrationDate": "2026-04-03T00:00:00",
    "dueDate": "2026-04-17T00:00:00",
    "totalAmount": Decimal("74400.00"),
}
INVOICE = {"externalId": "FA-26-0311", "invoiceNumber": "2026/0311", "amount": Decimal("74400.00"), "orderId": 3110}


@pytest.fixture
def engine() -> AtlasEtrmEngine:
    engine = AtlasEtrmEngine(Store(":memory:"), SandboxClock(date(2026, 4, 10)))
    engine.load(
        "counterparties", [{"id": 57, "legalName": "Helios", "vat": "EL099887766"}, {"id": 58, "legalName": "B"}]
    )
    engine.load(
        "orders",
        [
            {"id": 3110, "counterpartyId": 57, "status": STATUSES[1], "erpCode": "", "name": "March", **NEEDED},
            {"id": 3111, "counterpartyId": 58, "status": STATUSES[0], "totalAmount": "1.00"},
        ],
    )
    engine.load(
        "order_items",
        [
            {"id": 9001, "orderId": 3110, "status": 2, "cashflow": 1, "amount": "-60000.00", "vat": "-14400.00"},
            {"id": 9002, "orderId": 3111, "status": 2, "cashflow": 0, "amount": "1.00", "vat": "0"},
            {"id": 9003, "orderId": None, "status": 0, "cashflow": 0, "amount": "5.00", "vat": "0"},
        ],
    )
    definition = {"name": "ERP Cost Centre", "type": "Text"}
    engine.load(
        "counterparty_custom_field_definitions",
        [
            {"id": 7, **definition},
            {"id": 8, **definition, "entityTypeIds": [3]},
            {"id": 9, **definition, "entityTypeIds": [4]},
        ],
    )
    return engine


def ids(records: list[dict[str, Any]]) -> list[int]:
    return [record["id"] for record in records]


def refusal(call: Any, data: Any) -> AtlasEtrmError:
    with pytest.raises(AtlasEtrmError) as caught:
        call(data)
    return caught.value


def test_an_empty_list_means_everything_in_every_read(engine: AtlasEtrmEngine) -> None:
    assert ids(engine.orders_by_ids([])) == [3110, 3111]
    assert ids(engine.order_items_by_order_ids([])) == [9001, 9002, 9003]
    engine.post_invoices([INVOICE])
    engine.post_payments([{"invoiceId": 1, "amount": 1, "paymentDate": "2026-04-16T00:00:00"}])
    assert ids(engine.invoices_by_external_ids([])) == [1]
    assert ids(engine.payments_by_invoice_ids([])) == [1]
    assert ids(engine.payments_by_order_ids([])) == [1]


def test_reads_by_ids_leave_unknown_ids_out(engine: AtlasEtrmEngine) -> None:
    assert ids(engine.orders_by_ids([3111, 4])) == [3111]
    assert ids(engine.orders_by_ids(3110)) == [3110]
    assert ids(engine.order_items_by_order_ids([3110])) == [9001]
    assert ids(engine.order_items_by_ids([9003, 9001])) == [9001, 9003]
    assert engine.deals_by_ids([1]) == []


def test_custom_fields_of_some_types_include_those_shown_for_all(engine: AtlasEtrmEngine) -> None:
    assert ids(engine.counterparty_custom_fields([])) == [7, 8, 9]
    assert ids(engine.counterparty_custom_fields([3])) == [7, 8]
    assert engine.master_agreement_custom_fields([]) == []
    assert engine.custom_field_types([]) == []


def test_the_order_id_of_invoice_by_order_id_is_bare(engine: AtlasEtrmEngine) -> None:
    engine.post_invoices([INVOICE])
    assert ids(engine.invoices_by_order_id(3110)) == [1]
    assert engine.invoices_by_order_id(3111) == []
    assert refusal(engine.invoices_by_order_id, [3110]).status == 400


def test_a_post_without_id_creates_and_with_id_updates(engine: AtlasEtrmEngine) -> None:
    created = engine.post_counterparties([{"legalName": "New"}, {"id": 0, "legalName": "Newer"}])
    assert ids(created) == [59, 60]
    assert created[0]["isActive"] is True
    updated = engine.post_counterparties([{"id": 57, "externalId": "V-2071"}])
    assert (updated[0]["legalName"], updated[0]["vat"], updated[0]["externalId"]) == ("Helios", "EL099887766", "V-2071")
    cleared = engine.post_counterparties([{"id": 57, "vat": None}])
    assert (cleared[0]["vat"], cleared[0]["externalId"]) == (None, "V-2071")


def test_a_repeated_create_makes_a_second_record(engine: AtlasEtrmEngine) -> None:
    engine.post_invoices([INVOICE])
    engine.post_invoices([INVOICE])
    assert ids(engine.invoices_by_external_ids(["FA-26-0311"])) == [1, 2]
    engine.settings.unique_external_ids = True
    assert refusal(engine.post_invoices, [INVOICE]).errors == [
        {"field": "data[0].externalId", "message": "FA-26-0311 exists"}
    ]
    assert engine.post_invoices([{"id": 2, "isPaid": True}])[0]["isPaid"] is True


def test_an_update_of_an_unknown_id_refuses_the_whole_batch(engine: AtlasEtrmEngine) -> None:
    refused = refusal(engine.post_counterparties, [{"id": 57, "legalName": "Changed"}, {"id": 999, "legalName": "X"}])
    assert (refused.status, refused.errors) == (400, [{"field": "data[1].id", "message": "no record with id 999"}])
    assert engine.counterparties_by_ids([57])[0]["legalName"] == "Helios"
    assert refusal(engine.post_counterparties, [{"legalName": "Gone"}, {}]).status == 400
    assert engine.post_counterparties([{"legalName": "Next"}])[0]["id"] == 59, "the refused batch used no id"


@pytest.mark.parametrize("missing", ["registrationDate", "dueDate", "totalAmount"])
def test_an_order_needs_its_dates_and_total_on_every_post(engine: AtlasEtrmEngine, missing: str) -> None:
    given = {"id": 3110, "erpCode": "INV-1", **NEEDED}
    del given[missing]
    assert refusal(engine.post_orders, [given]).errors == [{"field": f"data[0].{missing}", "message": "is required"}]
    assert refusal(engine.post_orders, [{**given, missing: None}]).errors[0]["message"] == "must not be null"
    assert engine.orders_by_ids([3110])[0]["erpCode"] == ""


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("totalAmount", "74400.00", "must be a number"),
        ("totalAmount", True, "must be a number"),
        ("totalAmount", Decimal("1e999999999"), "is out of range"),
        ("dueDate", "17.04.2026", "must be an ISO 8601 datetime"),
        ("dueDate", "2026-04-17T00:00:00Z", "must carry no time zone"),
        ("status", "Forwarded order to SAP", "is not a configured status"),
        ("erpCode", 7, "must be a string"),
        ("documentType", 2, "must be 0 (invoice) or 1 (self-invoice)"),
        ("counterpartyId", 999, "no record with id 999"),
        ("counterpartyId", None, "must not be null"),
    ],
)
def test_a_member_of_the_wrong_kind_is_refused(engine: AtlasEtrmEngine, member: str, value: Any, message: str) -> None:
    refused = refusal(engine.post_orders, [{"id": 3110, **NEEDED, member: value}])
    assert refused.errors == [{"field": f"data[0].{member}", "message": message}]


def test_members_nobody_declared_or_may_write_are_passed_over(engine: AtlasEtrmEngine) -> None:
    saved = engine.post_counterparties([{"id": 57, "customFieldValues": [{"customFieldId": 7}], "unheardOf": 1}])
    assert saved[0]["customFieldValues"] == []
    assert "unheardOf" not in saved[0]


@pytest.mark.parametrize("status", [STATUSES[1], STATUSES[2], 2, 3])
def test_the_first_erp_code_moves_an_approved_or_forwarded_order_on(engine: AtlasEtrmEngine, status: Any) -> None:
    order = {**engine.orders_by_ids([3110])[0], "status": status}
    engine.store.put("orders", 3110, order)
    saved = engine.post_orders([{"id": 3110, "erpCode": "INV-1", **NEEDED}])
    assert (saved[0]["status"], saved[0]["erpCode"]) == ("Received code by accounting", "INV-1")


def test_an_erp_code_moves_nothing_else(engine: AtlasEtrmEngine) -> None:
    draft = {"id": 3111, "erpCode": "INV-2", **NEEDED}
    assert engine.post_orders([draft])[0]["status"] == STATUSES[0]
    explicit = {"id": 3110, "erpCode": "INV-1", "status": STATUSES[4], **NEEDED}
    assert engine.post_orders([explicit])[0]["status"] == STATUSES[4]
    back = engine.post_orders([{"id": 3110, "status": 2, **NEEDED}])
    assert back[0]["status"] == STATUSES[1], "a code that was there before moves nothing"
    engine.settings.status_moves = False
    engine.post_orders([{"id": 3110, "erpCode": None, **NEEDED}])
    assert engine.post_orders([{"id": 3110, "erpCode": "INV-3", **NEEDED}])[0]["status"] == STATUSES[1]


def test_the_first_invoice_moves_the_order_on_and_payments_nothing(engine: AtlasEtrmEngine) -> None:
    engine.post_orders([{"id": 3110, "erpCode": "INV-1", **NEEDED}])
    invoice = engine.post_invoices([INVOICE])[0]
    assert (invoice["isPaid"], invoice["amount"]) == (False, "74400.00")
    assert engine.orders_by_ids([3110])[0]["status"] == "Received invoice by accounting"
    payment = {"invoiceId": 1, "amount": Decimal("74400.00"), "paymentDate": "2026-04-16"}
    assert engine.post_payments([payment])[0]["paymentDate"] == "2026-04-16T00:00:00"
    assert engine.invoices_by_ids([1])[0]["isPaid"] is False
    assert engine.orders_by_ids([3110])[0]["status"] == "Received invoice by accounting"
    assert ids(engine.payments_by_order_ids([3110])) == [1], "found through its invoice"
    assert engine.payments_by_order_ids([3111]) == []


def test_an_invoice_before_the_code_moves_nothing(engine: AtlasEtrmEngine) -> None:
    engine.post_invoices([INVOICE])
    assert engine.orders_by_ids([3110])[0]["status"] == STATUSES[1]


def test_an_invoice_and_a_payment_need_what_the_contract_says(engine: AtlasEtrmEngine) -> None:
    missing = refusal(engine.post_invoices, [{}]).errors
    assert [error["field"] for error in missing] == ["data[0].externalId", "data[0].invoiceNumber", "data[0].amount"]
    missing = refusal(engine.post_payments, [{"invoiceId": 12}]).errors
    assert [error["field"] for error in missing] == ["data[0].amount", "data[0].paymentDate", "data[0].invoiceId"]
    assert refusal(engine.post_payments, {"invoiceId": 12}).message == "data must be an array of records"


def test_loading_keeps_digits_fields_of_the_future_and_ids_in_order(engine: AtlasEtrmEngine) -> None:
    engine.load("deals", [{"id": 501, "volume": Decimal("1180.250"), "deliveryStart": date(2026, 3, 1), "new": "x"}])
    deal = engine.deals_by_ids([501])[0]
    assert (deal["volume"], deal["deliveryStart"], deal["price"], deal["new"]) == (
        "1180.250",
        "2026-03-01T00:00:00",
        None,
        "x",
    )
    with pytest.raises(ValueError, match="is a float"):
        engine.load("deals", [{"id": 502, "price": 0.5}])
    with pytest.raises(ValueError, match="whole number"):
        engine.load("deals", [{"name": "no id"}])
