"""Atlas Accounting's client: both dialects, paging, companies, tokens, writes, reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from virtual import VirtualClock

from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_accounting.source import profit_loss_periods
from pipelines.transport import errors

START = datetime(2026, 1, 1, tzinfo=UTC)


def record(number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "created_at": (START + timedelta(hours=number)).isoformat(), "total_amount": "1.10"}


class Vendor:
    """Atlas Accounting as far as one test needs it: lists in both dialects, tokens, one company."""

    def __init__(self, count: int = 0) -> None:
        self.records = [record(number) for number in range(count)]
        self.requests: list[httpx.Request] = []
        self.companies = [{"id": "c1", "name": "Acme"}]
        self.live_token = "login-1"
        self.logins = self.refreshes = 0
        self.refuses_refresh = self.refuses_sorting = False
        self.largest_limit = 500
        self.answers: dict[str, httpx.Response] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if path == "/auth/login":
            self.logins += 1
            self.live_token = f"login-{self.logins}"
            return self._tokens()
        if path == "/auth/refresh":
            if self.refuses_refresh:
                return httpx.Response(401, json={"detail": "expired"})
            self.refreshes += 1
            self.live_token = f"refresh-{self.refreshes}"
            return httpx.Response(200, json={"access_token": self.live_token})
        if request.headers["Authorization"] != f"Bearer {self.live_token}":
            return httpx.Response(401, json={"detail": "bad token"})
        self.requests.append(request)
        if path == "/auth/me":
            return httpx.Response(200, json={"id": "u", "companies": self.companies})
        if path in self.answers:
            return self.answers[path]
        return self._page(request.url.params)

    def _tokens(self) -> httpx.Response:
        tokens = {"access_token": self.live_token, "refresh_token": "r", "token_type": "bearer", "expires_in": 3600}
        return httpx.Response(200, json={"tokens": tokens, "user": {}})

    def _page(self, params: httpx.QueryParams) -> httpx.Response:
        if self.refuses_sorting and "sort_by" in params:
            return httpx.Response(422, json={"detail": "cannot sort"})
        rows = self.records if params.get("sort_order") == "asc" else self.records[::-1]
        if "offset" in params:
            start, size = int(params["offset"]), min(int(params["limit"]), self.largest_limit)
            return httpx.Response(200, json=rows[start : start + size])
        page, size = int(params.get("page", 1)), min(int(params.get("page_size", 50)), self.largest_limit)
        items = rows[(page - 1) * size : page * size]
        more = page * size < len(rows)
        body = {"items": items, "total": len(rows), "page": page, "page_size": size, "has_next": more}
        return httpx.Response(200, json=body)


def client(vendor: Any, clock: VirtualClock, **settings: Any) -> AtlasAccountingClient:
    given = {"company_id": "c1", "tier": "unlimited", **settings}
    config = AtlasAccountingConfig("https://books.test/api/v1", "a@b.test", "secret", **given)
    return AtlasAccountingClient(config, clock.clockwork(vendor))


def ids(records: list[msgspec.Raw]) -> set[str]:
    return {msgspec.json.decode(each)["id"] for each in records}


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
@pytest.mark.parametrize("dialect", ["documented", "observed"])
def test_every_record_is_read_once(clock: VirtualClock, count: int, dialect: str) -> None:
    vendor = Vendor(count)
    listing = client(vendor, clock, dialect=dialect).all_records("invoices")
    assert len(listing.records) == count
    assert ids(listing.records) == {f"r{number}" for number in range(count)}
    assert listing.is_complete


def test_pages_of_a_hundred_and_no_more_requests_than_pages(clock: VirtualClock) -> None:
    vendor = Vendor(1234)
    client(vendor, clock).all_records("customers")
    assert len(vendor.requests) == 13
    assert {request.url.path for request in vendor.requests} == {"/api/v1/contacts/customers"}
    assert {request.url.params["company_id"] for request in vendor.requests} == {"c1"}
    assert {request.url.params["sort_order"] for request in vendor.requests} == {"asc"}


def test_payments_use_the_observed_endpoint_in_both_dialects(clock: VirtualClock) -> None:
    vendor = Vendor(3)
    assert len(client(vendor, clock).all_records("payments_made").records) == 3
    assert vendor.requests[0].url.path == "/api/v1/payments-made/"
    assert "offset" in vendor.requests[0].url.params


def test_a_limit_the_vendor_cuts_is_not_taken_for_the_end(clock: VirtualClock) -> None:
    vendor = Vendor(125)
    vendor.largest_limit = 50
    assert len(client(vendor, clock, dialect="observed").all_records("bills").records) == 125


def test_a_bare_list_that_is_read_by_pages_is_read_to_its_end(clock: VirtualClock) -> None:
    vendor = Vendor(250)
    answer = vendor._page
    vendor._page = lambda params: httpx.Response(200, json=answer(params).json()["items"])  # type: ignore[method-assign]
    listing = client(vendor, clock).all_records("invoices")
    assert (len(listing.records), listing.is_complete, len(vendor.requests)) == (250, True, 3)


@pytest.mark.parametrize("dialect", ["documented", "observed"])
@pytest.mark.parametrize(("count", "requests"), [(250, 1), (30, 2)])
def test_a_vendor_that_gives_all_whatever_page_is_asked_for(
    clock: VirtualClock, dialect: str, count: int, requests: int
) -> None:
    vendor = Vendor(count)
    vendor._page = lambda params: httpx.Response(200, json=vendor.records)  # type: ignore[method-assign]
    listing = client(vendor, clock, dialect=dialect).all_records("invoices")
    assert (len(listing.records), listing.is_complete, len(vendor.requests)) == (count, True, requests)


@pytest.mark.parametrize("dialect", ["documented", "observed"])
def test_a_full_page_that_comes_again_and_again_is_not_believed(clock: VirtualClock, dialect: str) -> None:
    vendor = Vendor(100)
    vendor._page = lambda params: httpx.Response(200, json=vendor.records)  # type: ignore[method-assign]
    with pytest.raises(errors.UnexpectedAnswer, match="every page with the same records"):
        client(vendor, clock, dialect=dialect).all_records("invoices")


def test_a_list_that_does_not_sort_is_read_in_its_own_order(clock: VirtualClock) -> None:
    vendor = Vendor(250)
    vendor.refuses_sorting = True
    assert len(client(vendor, clock).all_records("invoices").records) == 250


def test_a_record_deleted_between_pages_loses_no_other(clock: VirtualClock) -> None:
    vendor = Vendor(250)
    answer = vendor._page

    def shifting(params: httpx.QueryParams) -> httpx.Response:
        if params.get("page") == "2" and len(vendor.records) == 250:
            vendor.records.pop(0)
        return answer(params)

    vendor._page = shifting  # type: ignore[method-assign]
    listing = client(vendor, clock).all_records("invoices")
    assert ids(listing.records) == {f"r{number}" for number in range(1, 250)}
    assert listing.is_complete


def test_a_list_that_never_holds_still_buries_nothing(clock: VirtualClock) -> None:
    vendor = Vendor(150)
    vendor._page = (
        lambda params: httpx.Response(  # type: ignore[method-assign]
            200, json={"items": vendor.records[:100], "total": 150, "has_next": False}
        )
    )
    assert not client(vendor, clock).all_records("invoices").is_complete


def test_an_expired_token_is_refreshed_in_the_middle_of_paging(clock: VirtualClock) -> None:
    vendor = Vendor(250)
    talking = client(vendor, clock)
    talking.company_id  # noqa: B018
    talking.all_records("vendors")
    vendor.live_token = "revoked"
    assert len(talking.all_records("vendors").records) == 250
    assert (vendor.logins, vendor.refreshes) == (1, 1)


def test_a_refused_refresh_means_logging_in_again(clock: VirtualClock) -> None:
    vendor = Vendor(1)
    talking = client(vendor, clock)
    talking.all_records("vendors")
    vendor.live_token, vendor.refuses_refresh = "revoked", True
    assert len(talking.all_records("vendors").records) == 1
    assert vendor.logins == 2


def test_the_only_company_is_found(clock: VirtualClock) -> None:
    vendor = Vendor(1)
    client(vendor, clock, company_id=None).all_records("accounts")
    assert vendor.requests[-1].url.params["company_id"] == "c1"


def test_several_companies_are_listed_not_guessed(clock: VirtualClock) -> None:
    vendor = Vendor(1)
    vendor.companies.append({"id": "c2", "name": "Beta"})
    with pytest.raises(errors.CompanyNotChosen, match=r"COMPANY_ID.*c1: Acme; c2: Beta") as caught:
        client(vendor, clock, company_id=None).all_records("accounts")
    assert caught.value.companies == (("c1", "Acme"), ("c2", "Beta"))


def test_a_company_behind_the_first_page_is_found(clock: VirtualClock) -> None:
    vendor = Vendor(60)
    talking = client(vendor, clock, company_id="r9")
    assert (company := talking.company()) is not None
    assert ids([company]) == {"r9"}
    assert client(vendor, clock, company_id="r60").company() is None


def test_newest_reads_back_to_an_instant_and_no_further(clock: VirtualClock) -> None:
    vendor = Vendor(1000)
    found = client(vendor, clock).newest("invoices", START + timedelta(hours=795))
    assert len(vendor.requests) == 3
    assert found[0]["id"] == "r999"
    assert {f"r{number}" for number in range(795, 1000)} <= {each["id"] for each in found}


@pytest.mark.parametrize("dialect", ["documented", "observed"])
@pytest.mark.parametrize("what", ["ignores the order", "refuses the order", "cuts the limit"])
def test_a_look_up_of_the_newest_misses_none(clock: VirtualClock, dialect: str, what: str) -> None:
    """What it misses would be written a second time."""
    vendor = Vendor(450)
    vendor.refuses_sorting = what == "refuses the order"
    if what == "cuts the limit":
        vendor.largest_limit = 50
    else:
        vendor.records.reverse()  # oldest first, where no order is asked for
    if what == "ignores the order":
        answer = vendor._page
        vendor._page = lambda params: answer(params.remove("sort_order"))  # type: ignore[method-assign]
    found = {each["id"] for each in client(vendor, clock, dialect=dialect).newest("invoices", START + timedelta(440))}
    assert {f"r{number}" for number in range(250, 450)} <= found


def test_a_write_carries_the_company_and_its_money_as_text(clock: VirtualClock) -> None:
    vendor = Vendor()
    made = {"id": "i1", "invoice_number": "INV-1", "total_amount": "12345678901234567.89"}
    vendor.answers["/invoices"] = httpx.Response(201, json=made)
    line = {"description": "Power", "quantity": 1, "unit_price": Decimal("12345678901234567.89")}
    reply = client(vendor, clock).create_invoice({"customer_id": "k", "lines": [line]})
    (request,) = vendor.requests
    assert request.url.params["company_id"] == "c1"
    assert b'"unit_price":"12345678901234567.89"' in request.content
    assert (reply.status, reply.one()["total_amount"]) == (201, "12345678901234567.89")


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(200, html="<html>")])
def test_a_failing_create_is_never_repeated(clock: VirtualClock, failure: httpx.Response) -> None:
    vendor = Vendor()
    vendor.answers["/bills"] = failure
    with pytest.raises(errors.OutcomeUnknown):
        client(vendor, clock).create_bill({"vendor_id": "v"})
    assert len(vendor.requests) == 1


def test_actions_send_their_account_where_the_vendor_wants_it(clock: VirtualClock) -> None:
    vendor = Vendor()
    vendor.answers = {
        f"/{path}": httpx.Response(200, json={"id": "x"})
        for path in ("invoices/i/send", "bills/b/approve", "invoices/i/void")
    }
    talking = client(vendor, clock)
    talking.send_invoice("i", "acc-1100")
    talking.approve_bill("b", "acc-2000")
    talking.void_invoice("i", "rejected in ATLAS")
    sent, approved, voided = vendor.requests
    assert (sent.url.params["ar_account_id"], sent.content) == ("acc-1100", b"")
    assert approved.content == b'{"ap_account_id":"acc-2000"}'
    assert voided.content == b'{"reason":"rejected in ATLAS"}'


def test_a_closed_period_is_a_conflict(clock: VirtualClock) -> None:
    vendor = Vendor()
    vendor.answers["/invoices"] = httpx.Response(409, json={"detail": "Period is closed", "status_code": 409})
    with pytest.raises(errors.Conflict, match="Period is closed"):
        client(vendor, clock).create_invoice({})


def test_a_report_is_keyed_by_what_was_asked(clock: VirtualClock) -> None:
    vendor = Vendor()
    vendor.answers["/reports/trial-balance"] = httpx.Response(200, json={"as_of_date": None, "total_debits": "1.00"})
    assert msgspec.json.decode(client(vendor, clock).trial_balance(date(2026, 4, 10))) == {
        "as_of_date": "2026-04-10",
        "total_debits": "1.00",
    }


def test_profit_and_loss_is_asked_for_the_year_and_its_months() -> None:
    assert profit_loss_periods(date(2026, 3, 10)) == [
        (date(2026, 1, 1), date(2026, 3, 10)),
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 10)),
    ]
    assert profit_loss_periods(date(2026, 1, 31)) == [(date(2026, 1, 1), date(2026, 1, 31))]


def test_429_waits_as_long_as_it_is_told(clock: VirtualClock) -> None:
    vendor = Vendor(1)
    told = iter([httpx.Response(429, headers={"Retry-After": "9"})])
    answer = vendor._page
    vendor._page = lambda params: next(told, None) or answer(params)  # type: ignore[method-assign]
    assert len(client(vendor, clock).all_records("bills").records) == 1
    assert clock.slept == [9.0]


def test_an_unknown_tier_names_the_setting(clock: VirtualClock) -> None:
    with pytest.raises(errors.SettingRefused, match="SOURCES__ATLAS_ACCOUNTING__TIER"):
        client(Vendor(), clock, tier="gold")
