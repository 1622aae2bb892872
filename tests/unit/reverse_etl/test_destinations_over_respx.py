"""What goes over the wire to each vendor: headers, bodies, and what an answer makes of a delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from write_back_desk import Desk
from write_back_fakes import atlas_invoice_row, document_row, invoice_row, row

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.transport.session import Clockwork
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES

ETRM, BOOKS, BANK = "https://etrm.test", "https://books.test/api/v1", "https://bank.test"


@dataclass
class Clients:
    """The real clients; only the wire is not."""

    atlas_etrm: AtlasEtrmClient
    atlas_accounting: AtlasAccountingClient
    atlar: AtlarClient


@pytest.fixture
def wired(tmp_path: Path) -> Desk:
    clockwork = Clockwork(sleep=lambda seconds: None)
    clients: Any = Clients(
        AtlasEtrmClient(AtlasEtrmConfig(ETRM, "us", "secret", 0), clockwork),
        AtlasAccountingClient(AtlasAccountingConfig(BOOKS, "us@x.test", "secret", "co-1", tier="unlimited"), clockwork),
        AtlarClient(AtlarConfig(BANK, "key", "secret", auth="basic", requests_per_second=0), clockwork),
    )
    return Desk(OperationsStore(tmp_path / "o.sqlite"), clients)


def envelope(*records: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "recordCount": len(records), "data": list(records)})


def sent(route: respx.Route, number: int = 0) -> Any:
    return json.loads(route.calls[number].request.content)


@respx.mock
def test_an_atlar_update_is_a_json_patch_of_what_differs_for_one_version_under_a_key(wired: Desk) -> None:
    now = {"id": "doc-1", "etag": "version:4", "voided": True}
    patch = respx.patch(f"{BANK}/accounting/v2beta/documents/doc-1").respond(200, json=now)
    due = row(
        "INVOICE/1",
        {"voided": True, "date": "2026-04-30"},
        operation="update",
        now={"voided": False, "date": "2026-04-30"},
        destination_id="doc-1",
        expected_version="version:3",
    )
    assert wired.apply({"sync_atlar__document_updates": [due]}).sent == 1
    request = patch.calls[0].request
    assert request.headers["if-match"] == "version:3", "as it is, without quotes"
    assert request.headers["content-type"] == "application/json-patch+json"
    assert 0 < len(request.headers["idempotency-key"]) <= 64
    assert sent(patch) == [{"op": "add", "path": "/voided", "value": True}]


@respx.mock
def test_of_a_forecast_only_the_figure_is_replaced(wired: Desk) -> None:
    route = respx.patch(f"{BANK}/analytics/v2beta/forecasted-transactions/f-1").respond(200, json={"id": "f-1"})
    due = row(
        "ar.1",
        {"amount": {"currency": "EUR", "stringValue": "0.00"}},
        operation="update",
        now={"amount": {"currency": "EUR", "stringValue": "9.00"}},
        destination_id="f-1",
        expected_version="version:1",
    )
    assert wired.apply({"sync_atlar__forecasted_transactions": [due]}).sent == 1
    assert sent(route) == [{"op": "replace", "path": "/amount/stringValue", "value": "0.00"}]


@respx.mock
def test_missing_forecasts_are_one_finding_that_names_the_setting(wired: Desk) -> None:
    respx.post(f"{BANK}/analytics/v2beta/forecasted-transactions").respond(404, json={"status": 404, "message": "no"})
    rows = [row(f"ar.{n}", {"externalId": f"ar.{n}"}) for n in range(5)]
    result = wired.apply({"sync_atlar__forecasted_transactions": rows}, workers=1)
    assert (result.rejected, len(result.findings)) == (0, 1)
    assert "SOURCES__ATLAR__AP_AR_MODE" in result.findings[0]


@respx.mock
def test_425_is_waited_for_under_the_same_key(wired: Desk) -> None:
    respx.get(f"{BANK}/accounting/v2beta/documents").respond(200, json={"items": [], "nextToken": ""})
    route = respx.post(f"{BANK}/accounting/v2beta/documents")
    route.side_effect = [
        httpx.Response(425, json={"status": 425, "message": "running"}),
        httpx.Response(201, json={"id": "doc-1", "provenance": {"vendorId": "INVOICE/1"}}),
    ]
    assert wired.apply({"sync_atlar__documents": [document_row("INVOICE/1")]}).sent == 1
    keys = {call.request.headers["idempotency-key"] for call in route.calls}
    assert (len(route.calls), len(keys)) == (2, 1)


@respx.mock
def test_field_messages_of_a_422_stand_in_the_log(wired: Desk) -> None:
    respx.post(f"{BOOKS}/auth/login").respond(200, json={"tokens": {"access_token": "t", "refresh_token": "r"}})
    respx.get(url__startswith=f"{BOOKS}/invoices").respond(200, json={"items": [], "total": 0, "has_next": False})
    respx.post(url__startswith=f"{BOOKS}/invoices").respond(
        422,
        json={
            "detail": "Validation failed",
            "status_code": 422,
            "errors": [{"field": "lines.0.unit_price", "message": "must be greater than zero"}],
        },
    )
    result = wired.apply({"sync_atlas_accounting__invoices": [invoice_row()]})
    assert result.rejected == 1
    reason = wired.store.rows(DELIVERIES)[0]["reason"]
    assert "lines.0.unit_price: must be greater than zero" in reason
    assert not wired.plan({"sync_atlas_accounting__invoices": [invoice_row()]}).items, "until the record changes"


@respx.mock
def test_atlas_etrm_is_asked_before_it_is_told_and_money_keeps_its_digits(wired: Desk) -> None:
    respx.post(f"{ETRM}/api/token").respond(200, json={"success": True, "data": {"token": "t"}})
    asked = respx.post(f"{ETRM}/api/Invoice/GetByExternalIds").mock(return_value=envelope())
    made = {"id": 9, "externalId": "INV-1", "orderId": 210, "amount": 100.00, "invoiceNumber": "INV-1"}
    told = respx.post(f"{ETRM}/api/Invoice/Post").mock(return_value=envelope(made))
    assert wired.apply({"sync_atlas_etrm__invoices": [atlas_invoice_row("INV-1", 210)]}).sent == 1
    assert sent(asked) == {"data": ["INV-1"]}
    posted = json.loads(told.calls[0].request.content, parse_float=Decimal)["data"][0]
    assert posted["amount"] == Decimal("100.00")
    assert "id" not in posted, "an id would change another record"


@respx.mock
def test_success_false_under_200_is_a_refusal(wired: Desk) -> None:
    respx.post(f"{ETRM}/api/token").respond(200, json={"success": True, "data": {"token": "t"}})
    respx.post(f"{ETRM}/api/Invoice/GetByExternalIds").mock(return_value=envelope())
    respx.post(f"{ETRM}/api/Invoice/Post").respond(
        200, json={"success": False, "recordCount": 0, "data": None, "errors": [{"field": "amount", "message": "no"}]}
    )
    result = wired.apply({"sync_atlas_etrm__invoices": [atlas_invoice_row("INV-1", 210)]})
    assert (result.sent, result.rejected) == (0, 1)
    assert "amount: no" in result.rejections[0]
