"""An extraction over three small vendors: what is read, found missing, landed, and left when one of them fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
from virtual import VirtualClock

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.extract import Clients, ExtractResult, extract
from pipelines.landing import Landing
from pipelines.transport import errors

AS_OF = date(2026, 4, 10)
CAMT = (
    b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>%s</BkToCstmrStmt></Document>"""
)
STMT = b"""<Stmt><Acct><Id><IBAN>%s</IBAN></Id><Ccy>EUR</Ccy></Acct>
  <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2026-03-31</Dt></Dt></Bal>
  <Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry></Stmt>"""


class Vendors:
    """Three vendors with a handful of records; `answers` replaces any of them by path."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "/api/Order/GetByIds": [{"id": 1, "totalAmount": 1}],
            "/api/Invoice/GetByIds": [{"id": 9, "amount": 1}],
            "/api/Payment/GetByInvoiceIds": [{"id": 3, "invoiceId": 9, "amount": 1}],
            "/api/CustomFields/Counterparties/GetByCounterpartyTypeIds": [{"id": 1, "name": "ERP Cost Centre"}],
            "/v1/customers/": [],
            "/v1/companies": [{"id": "c1", "name": "Acme", "base_currency": "EUR"}],
            "/v1/invoices": [{"id": "i1", "total_amount": "1.00"}],
            "/financial-data/v2/accounts": [
                {"id": "a1", "identifiers": [{"type": "IBAN", "number": "SE45 5000"}]},
                {"id": "a2", "identifiers": [{"type": "IBAN", "number": "SE35 5000"}]},
            ],
            "/connectivity/v2beta/connections": [{"id": "con"}],
            "/connectivity/v2beta/connections/con/reports": [{"id": "rep"}],
            "/connectivity/v2beta/connections/con/reports/rep/bank-statements": [
                {"id": "s1", "accountId": "a1", "localDate": "2026-03-31"},
                {"id": "s2", "accountId": "a2", "localDate": "2026-03-31"},
            ],
            "/connectivity/v2beta/connections/con/reports/rep/content": CAMT
            % (STMT % b"SE455000" + STMT % b"SE355000"),
        }
        self.seen: list[str] = []

    def etrm(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token":
            return httpx.Response(200, json={"data": {"token": "t"}})
        return self._answer(request, lambda rows: {"success": True, "recordCount": len(rows), "data": rows})

    def accounting(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/auth/login":
            return httpx.Response(200, json={"tokens": {"access_token": "t"}})
        if request.url.path.startswith("/v1/reports"):
            return self._answer(request, lambda rows: rows or {"accounts": []})
        if request.url.path in ("/v1/payments/", "/v1/payments-made/"):
            return self._answer(request, lambda rows: rows)
        return self._answer(request, lambda rows: {"items": rows, "total": len(rows), "has_next": False})

    def atlar(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, lambda rows: {"items": rows, "nextToken": ""})

    def _answer(self, request: httpx.Request, wrap: Callable[[list[Any]], Any]) -> httpx.Response:
        self.seen.append(request.url.path)
        answer = self.answers.get(request.url.path, [])
        if isinstance(answer, int):
            return httpx.Response(answer)
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, content=msgspec.json.encode(wrap(answer)))

    def clients(self, clock: VirtualClock) -> Clients:
        return Clients(
            AtlasEtrmClient(AtlasEtrmConfig("https://etrm.test", "u", "p", 0), clock.clockwork(self.etrm)),
            AtlasAccountingClient(
                AtlasAccountingConfig("https://books.test/v1", "e", "p", "c1", "documented", "unlimited"),
                clock.clockwork(self.accounting),
            ),
            AtlarClient(
                AtlarConfig("https://atlar.test", "k", "s", "basic", requests_per_second=0), clock.clockwork(self.atlar)
            ),
        )


@pytest.fixture
def vendors() -> Vendors:
    return Vendors()


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the work file alone, for tests of what is read and landed: loading 41 tables takes seconds."""
    monkeypatch.setattr("pipelines.loading.backlog.load_missing", lambda *_: {})


def landed_rows(landing: Landing, system: str, name: str) -> list[dict[str, Any]]:
    files = landing.files(system, name)
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def run(vendors: Vendors, landing: Landing, clock: VirtualClock, **wanted: Any) -> ExtractResult:
    return extract(vendors.clients(clock), landing, as_of=AS_OF, **wanted)


def test_a_second_extraction_lands_loads_and_fetches_nothing_old(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    first = run(vendors, landing, clock)
    assert first.rows["atlas_etrm.payments"] == 1
    assert first.rows["atlas_accounting.profit_loss"] == 5
    assert first.rows["atlar.bank_statement_entries"] == 2
    assert first.requests == {"atlas_etrm": 10, "atlas_accounting": 17, "atlar": 21}
    assert [finding for finding in first.findings if "fields nobody declared" not in finding] == []
    files = "/connectivity/v2beta/connections/con/reports/rep/content"
    assert vendors.seen.count(files) == 1
    again = run(vendors, landing, clock)
    assert (again.rows, again.changed, again.quarantined) == ({}, frozenset(), 0)
    assert vendors.seen.count(files) == 1


@pytest.mark.usefixtures("not_loaded")
def test_definitions_say_which_kind_of_entity_they_are_of(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    run(vendors, landing, clock, only=frozenset({"atlas_etrm.custom_field_definitions"}))
    (row,) = landed_rows(landing, "atlas_etrm", "custom_field_definitions")
    assert (row["entity_kind"], row["id"], row["name"]) == ("counterparty", 1, "ERP Cost Centre")


@pytest.mark.usefixtures("not_loaded")
def test_each_statement_of_a_report_finds_its_account(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    run(vendors, landing, clock)
    rows = landed_rows(landing, "atlar", "bank_statements")
    assert [(row["id"], row["account_id"], row["account_identifier"]) for row in rows] == [
        ("s1", "a1", "SE…5000"),
        ("s2", "a2", "SE…5000"),
    ]


@pytest.mark.usefixtures("not_loaded")
def test_an_unreadable_statement_is_quarantined_whole(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    base = "/connectivity/v2beta/connections/con/reports/rep"
    vendors.answers[f"{base}/content"] = b":20:MT940"
    vendors.answers[f"{base}/bank-statements/s1/content"] = b":20:MT940"
    vendors.answers[f"{base}/bank-statements/s2/content"] = CAMT % (STMT % b"SE355000")
    result = run(vendors, landing, clock)
    assert (result.rows["atlar.bank_statements"], result.quarantined) == (1, 1)
    (held,) = landed_rows(landing, "quarantine", "records")
    assert (held["table_name"], held["record_key"]) == ("bank_statements", "con|s1")
    payload = json.loads(held["payload"])
    assert (payload["file"], payload["statement"]["id"], payload["statement"]["reportId"]) == (":20:MT940", "s1", "rep")


@pytest.mark.usefixtures("not_loaded")
@pytest.mark.parametrize("status", [403, 404])
def test_an_optional_endpoint_that_does_not_answer_is_one_finding(
    vendors: Vendors, landing: Landing, clock: VirtualClock, status: int
) -> None:
    vendors.answers["/api/Deal/GetByIds"] = status
    vendors.answers["/accounts-payables"] = status
    result = run(vendors, landing, clock)
    findings = [finding for finding in result.findings if "fields nobody declared" not in finding]
    assert len(findings) == 2
    assert findings[0].startswith(f"atlar: accounts payables could not be read (HTTP {status}). Set SOURCES__ATLAR")
    assert findings[1].startswith(f"atlas_etrm: deals could not be read (HTTP {status}).")


@pytest.mark.usefixtures("not_loaded")
def test_an_endpoint_that_stops_answering_buries_nothing(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers["/api/Deal/GetByIds"] = [{"id": 5}]
    run(vendors, landing, clock)
    vendors.answers["/api/Deal/GetByIds"] = 404
    assert run(vendors, landing, clock).rows == {}


@pytest.mark.usefixtures("not_loaded")
def test_what_is_gone_from_a_full_answer_is_buried_with_its_payments(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    run(vendors, landing, clock)
    vendors.answers["/api/Invoice/GetByIds"] = []
    before = vendors.seen.count("/api/Payment/GetByInvoiceIds")
    result = run(vendors, landing, clock)
    assert result.rows == {"atlas_etrm.invoices": 1, "atlas_etrm.payments": 1}
    assert vendors.seen.count("/api/Payment/GetByInvoiceIds") == before


@pytest.mark.parametrize("odd", [{"amount": 1}, {"id": None}, {"id": "nine"}, "no object"], ids=str)
@pytest.mark.usefixtures("not_loaded")
def test_payments_of_an_invoice_whose_id_cannot_be_read_are_not_gone(
    vendors: Vendors, landing: Landing, clock: VirtualClock, odd: Any
) -> None:
    run(vendors, landing, clock)
    vendors.answers["/api/Invoice/GetByIds"] = [odd]
    vendors.answers["/api/Payment/GetByInvoiceIds"] = []
    result = run(vendors, landing, clock)
    assert (result.rows.get("atlas_etrm.payments"), result.quarantined) == (None, 1)


@pytest.mark.usefixtures("not_loaded")
def test_an_id_written_as_text_is_asked_by(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    vendors.answers["/api/Invoice/GetByIds"] = [{"id": "9", "amount": 1}]
    assert run(vendors, landing, clock).rows["atlas_etrm.payments"] == 1


@pytest.mark.usefixtures("not_loaded")
def test_a_company_that_is_not_listed_keeps_what_is_known(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    run(vendors, landing, clock)
    vendors.answers["/v1/companies"] = []
    assert "atlas_accounting.companies" not in run(vendors, landing, clock).rows


@pytest.mark.usefixtures("not_loaded")
def test_only_what_is_wanted_is_read(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    result = run(vendors, landing, clock, only=frozenset({"atlas_etrm.orders"}))
    assert vendors.seen == ["/api/Order/GetByIds"]
    assert result.requests == {"atlas_etrm": 2, "atlas_accounting": 0, "atlar": 0}


@pytest.mark.usefixtures("not_loaded")
def test_an_unknown_table_is_refused(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match=r"no such table: atlas_etrm\.order"):
        run(vendors, landing, clock, only=frozenset({"atlas_etrm.order"}))


def test_one_vendor_down_fails_the_extraction_but_keeps_what_the_others_said(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers["/financial-data/v2/entities"] = 500
    with pytest.raises(errors.VendorFault):
        run(vendors, landing, clock)
    assert not landing.work_path.exists()
    vendors.answers["/financial-data/v2/entities"] = [{"id": "e1"}]
    result = run(vendors, landing, clock)
    assert "atlas_etrm.orders" not in result.rows
    assert "atlas_etrm.orders" in result.changed
    assert "atlar.entities" in result.rows


@pytest.mark.usefixtures("not_loaded")
def test_progress_is_told_of_every_table(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    class Seen:
        def __init__(self) -> None:
            self.totals: dict[str, int] = {}
            self.advanced: list[tuple[str, str]] = []
            self.finished: set[str] = set()

        def start(self, system: str, total_tables: int) -> None:
            self.totals[system] = total_tables

        def advance(self, system: str, table: str, rows: int) -> None:
            self.advanced.append((system, table))

        def finish(self, system: str) -> None:
            self.finished.add(system)

    seen = Seen()
    run(vendors, landing, clock, progress=seen)
    assert seen.totals == {"atlas_etrm": 8, "atlas_accounting": 12, "atlar": 21}
    assert len(set(seen.advanced)) == 41
    assert seen.finished == set(seen.totals)


@pytest.mark.usefixtures("not_loaded")
def test_transactions_are_read_again_in_an_overlapping_window(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    queries: list[str] = []
    answer = vendors.atlar

    def recorded(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/financial-data/v2/transactions":
            queries.append(request.url.params.get("date[gte]", ""))
        return answer(request)

    vendors.atlar = recorded  # type: ignore[method-assign]
    vendors.answers["/financial-data/v2/transactions"] = [{"id": "t", "date": "2026-04-09"}]
    for _ in range(2):
        run(vendors, landing, clock, only=frozenset({"atlar.transactions"}))
    assert queries == ["", "2026-02-08"]


@pytest.mark.usefixtures("not_loaded")
def test_a_maintenance_page_is_not_taken_for_a_statement(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers["/connectivity/v2beta/connections/con/reports/rep/content"] = b"<!DOCTYPE html><html></html>"
    with pytest.raises(errors.UnexpectedAnswer, match="HTML"):
        run(vendors, landing, clock)
    assert landing.files("atlar", "reports") == []


@pytest.mark.usefixtures("not_loaded")
@pytest.mark.usefixtures("not_loaded")
def test_a_report_that_lists_no_statement_yet_is_asked_again(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    today = landing.now()
    reports = [{"id": "rep", "created": today.isoformat()}, {"id": "old", "created": "2026-01-01T00:00:00Z"}]
    vendors.answers["/connectivity/v2beta/connections/con/reports"] = reports
    listed = vendors.answers.pop("/connectivity/v2beta/connections/con/reports/rep/bank-statements")
    first = run(vendors, landing, clock)
    assert "atlar: 1 reports of connection con list no statement yet; asked again for a week" in first.findings
    assert [row["id"] for row in landed_rows(landing, "atlar", "reports")] == ["old"]
    vendors.answers["/connectivity/v2beta/connections/con/reports/rep/bank-statements"] = listed
    assert run(vendors, landing, clock).rows["atlar.bank_statements"] == 2
    assert vendors.seen.count("/connectivity/v2beta/connections/con/reports/old/bank-statements") == 1


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.usefixtures("not_loaded")
def test_a_report_that_is_not_given_whole_is_asked_for_by_statement(
    vendors: Vendors, landing: Landing, clock: VirtualClock, status: int
) -> None:
    report = "/connectivity/v2beta/connections/con/reports/rep"
    vendors.answers[f"{report}/content"] = status
    for name, number in {"s1": b"SE455000", "s2": b"SE355000"}.items():
        vendors.answers[f"{report}/bank-statements/{name}/content"] = CAMT % (STMT % number)
    result = run(vendors, landing, clock)
    assert (result.rows["atlar.bank_statements"], result.rows["atlar.reports"]) == (2, 1)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
@pytest.mark.usefixtures("not_loaded")
def test_a_report_that_is_not_given_stops_no_other(
    vendors: Vendors, landing: Landing, clock: VirtualClock, status: int
) -> None:
    vendors.answers["/connectivity/v2beta/connections/con/reports"].append({"id": "lost"})
    vendors.answers["/connectivity/v2beta/connections/con/reports/lost/bank-statements"] = status
    result = run(vendors, landing, clock)
    assert result.rows["atlar.bank_statements"] == 2
    assert f"atlar: report lost is not given (HTTP {status}); asked for again" in result.findings
    assert [row["id"] for row in landed_rows(landing, "atlar", "reports")] == ["rep"]


@pytest.mark.parametrize("odd", [5, "text", None, [], {"name": "no id"}])
def test_a_record_of_no_use_stops_no_other(vendors: Vendors, landing: Landing, clock: VirtualClock, odd: Any) -> None:
    for path, answer in vendors.answers.items():
        if isinstance(answer, list):
            vendors.answers[path] = [*answer, odd]
    vendors.answers["/payments/v2beta/credit-transfer-batches"] = [odd]
    result = run(vendors, landing, clock)
    assert result.rows["atlar.bank_statements"] == 2
    assert result.rows["atlas_etrm.orders"] == 1
    assert result.rows["atlas_accounting.invoices"] == 1
    assert result.quarantined >= 8
