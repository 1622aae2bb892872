"""The vendor over HTTP: sign-in, limits, dialects, error bodies, and a document's way through the routes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.atlas_accounting.routes import OPERATIONS


def _body(books: Any, price: Any = "1000.00") -> dict[str, Any]:
    return {"customer_id": books.customer, "invoice_date": "2026-03-02", "lines": [books.line(price)]}


def test_login_answers_with_both_dialects_shapes(client_of: Any, books: Any) -> None:
    answer = client_of().login()
    assert answer["tokens"]["token_type"] == "bearer"
    assert answer["tokens"]["expires_in"] == 3600
    assert answer["user"]["full_name"] == "Integration User"
    assert (answer["user"]["first_name"], answer["user"]["last_name"]) == ("Integration", "User")
    assert answer["user"]["role"] == "accountant"
    assert [set(each) for each in answer["organizations"]] == [{"id", "name"}]


def test_a_wrong_password_is_401_and_a_missing_one_422(client_of: Any, books: Any) -> None:
    http = client_of()
    wrong = http("POST", "/auth/login", json={"email": books.engine.email, "password": "wrong"})
    assert wrong.status_code == 401
    assert wrong.json() == {"detail": "Incorrect email or password", "status_code": 401, "errors": []}
    missing = http("POST", "/auth/login", json={"email": books.engine.email})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "password")


def test_an_access_token_lives_an_hour_and_a_refresh_token_a_week(http: Any, client_of: Any) -> None:
    fresh = client_of()
    refresh_token = fresh.login()["tokens"]["refresh_token"]
    books = http.books
    books.clock.advance(3599)
    assert http("GET", "/auth/me").status_code == 200
    books.clock.advance(1)
    expired = http("GET", "/auth/me")
    assert (expired.status_code, expired.json()["detail"]) == (401, "Token has expired")
    assert expired.headers["www-authenticate"] == "Bearer"

    renewed = http("POST", "/auth/refresh", json={"refresh_token": refresh_token})
    assert set(renewed.json()) == {"access_token", "token_type", "expires_in"}
    http.headers = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert http("GET", "/auth/me").status_code == 200
    books.clock.advance(7 * 24 * 3600)
    assert http("POST", "/auth/refresh", json={"refresh_token": refresh_token}).status_code == 401


def test_tokens_of_the_other_kind_forged_or_missing_are_401(client_of: Any) -> None:
    http = client_of()
    tokens = http.login()["tokens"]
    refused = [tokens["refresh_token"], tokens["access_token"][:-2] + "xx", "x.y", "", "ä.ä.ä"]
    for token in refused:
        http.headers = {"Authorization": f"Bearer {token}".encode()}  # type: ignore[dict-item]
        assert http("GET", "/invoices").status_code == 401
    http.headers = {"Authorization": f"Basic {tokens['access_token']}"}
    assert http("GET", "/invoices").status_code == 401
    http.headers = {}
    assert http("GET", "/invoices").status_code == 401
    answer = http("POST", "/auth/refresh", json={"refresh_token": tokens["access_token"]})
    assert answer.status_code == 401


def test_me_tells_the_company_and_the_role_in_it(http: Any, books: Any) -> None:
    me = http("GET", "/auth/me", company=False).json()
    assert me["companies"] == [
        {"id": books.engine.company_id, "name": books.engine.settings.name, "role": "accountant"}
    ]
    company = http("GET", "/companies", company=False).json()["items"][0]
    assert (company["id"], company["role"]) == (books.engine.company_id, "accountant")
    assert (company["base_currency"], company["closed_through"]) == ("EUR", None)


def test_switching_organizations_gives_a_flat_access_token(http: Any) -> None:
    organization = http("GET", "/auth/me").json()["organization"]["id"]
    answer = http("POST", "/auth/switch-org", json={"org_id": organization})
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    http.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert http("GET", "/auth/me").status_code == 200
    assert http("POST", "/auth/switch-org", json={"org_id": "another"}).status_code == 403


@pytest.mark.parametrize(("tier", "limit", "burst"), [("standard", 60, 10), ("professional", 300, 50)])
def test_the_burst_is_the_tiers_and_refills_by_its_minute(client_of: Any, tier: str, limit: int, burst: int) -> None:
    http = client_of(tier)
    http.login()
    for used in range(2, burst + 1):
        answer = http("GET", "/auth/me")
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit"] == str(limit)
        assert answer.headers["x-ratelimit-remaining"] == str(burst - used)
    over = http("GET", "/auth/me")
    assert (over.status_code, over.json()["detail"]) == (429, "Too many requests")
    assert (over.headers["x-ratelimit-remaining"], over.headers["retry-after"]) == ("0", "1")
    assert 1_000_000 < int(over.headers["x-ratelimit-reset"]) <= 1_000_000 + burst * 60 // limit + 1
    http.seconds += 60 / limit
    assert http("GET", "/auth/me").status_code == 200
    assert http("GET", "/auth/me").status_code == 429


def test_limit_headers_stand_on_every_answer(client_of: Any) -> None:
    http = client_of("enterprise")
    answers = [
        http("POST", "/auth/login", json={}),
        http("GET", "/invoices"),
        http("GET", "/nothing"),
        http("PUT", "/invoices"),
    ]
    assert [answer.status_code for answer in answers] == [422, 401, 404, 405]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["99", "98", "97", "96"]
    assert all(set(answer.json()) == {"detail", "status_code", "errors"} for answer in answers)


def test_the_tier_and_retry_after_are_switches(client_of: Any) -> None:
    http = client_of("unlimited")
    http.login()
    assert http("POST", "/_sim/limits", json={"tier": "standard", "retry_after": False}).status_code == 200
    for _ in range(10):
        http("GET", "/auth/me")
    over = http("GET", "/auth/me")
    assert over.status_code == 429
    assert "retry-after" not in over.headers


def test_the_documented_dialect_pages_by_number(http: Any, books: Any) -> None:
    for _ in range(5):
        books.invoice()
    first = http("GET", "/invoices", params={"page_size": 2}, company=False).json()
    assert {name: first[name] for name in ("total", "page", "page_size", "has_next")} == {
        "total": 5,
        "page": 1,
        "page_size": 2,
        "has_next": True,
    }
    assert [row["invoice_number"] for row in first["items"]] == ["INV-00005", "INV-00004"]
    last = http("GET", "/invoices", params={"page": 3, "page_size": 2}).json()
    assert ([row["invoice_number"] for row in last["items"]], last["has_next"]) == (["INV-00001"], False)
    past = http("GET", "/invoices", params={"page": 4, "page_size": 2}).json()
    assert (past["items"], past["has_next"], past["total"]) == ([], False, 5)


def test_the_observed_dialect_pages_by_offset_and_answers_a_bare_array(http: Any, books: Any) -> None:
    for _ in range(5):
        books.invoice()
    rows = http("GET", "/invoices/", params={"offset": 3, "limit": 500}).json()
    assert [row["invoice_number"] for row in rows] == ["INV-00002", "INV-00001"]
    assert http("GET", "/invoices/", params={"offset": 5}).json() == []
    assert isinstance(http("GET", "/payments/").json(), list)
    assert http("GET", "/payments").status_code == 404


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/invoices", {"page_size": 101}, "page_size"),
        ("/invoices", {"page_size": 0}, "page_size"),
        ("/invoices", {"page": 0}, "page"),
        ("/invoices", {"page": "two"}, "page"),
        ("/invoices", {"sort_by": "notes"}, "sort_by"),
        ("/invoices", {"sort_order": "up"}, "sort_order"),
        ("/invoices", {"status": "open"}, "status"),
        ("/invoices/", {"limit": 501}, "limit"),
        ("/invoices/", {"offset": -1}, "offset"),
        ("/journal-entries", {"start_date": "1.1.2026"}, "start_date"),
        ("/reports/trial-balance", {"as_of_date": "soon"}, "as_of_date"),
    ],
)
def test_parameters_out_of_range_are_422_on_their_field(http: Any, path: str, params: Any, field: str) -> None:
    answer = http("GET", path, params=params)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_lists_sort_by_updated_at_unless_the_deployment_cannot(http: Any, books: Any) -> None:
    first, second = books.invoice(), books.invoice()
    books.engine.send_invoice(first["id"])
    ascending = {"sort_by": "updated_at", "sort_order": "asc"}
    rows = http("GET", "/invoices", params=ascending).json()["items"]
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    http("POST", "/_sim/limits", json={"updated_at_sortable": False})
    assert http("GET", "/invoices", params=ascending).status_code == 422
    assert http("GET", "/invoices", params={**ascending, "sort_by": "created_at"}).status_code == 200


def test_lists_filter(http: Any, books: Any) -> None:
    sent = books.sent()
    books.invoice()
    rows = http("GET", "/invoices", params={"status": "sent"}).json()
    assert ([row["id"] for row in rows["items"]], rows["total"]) == ([sent["id"]], 1)
    books.entry(day="2026-03-30")
    late = books.entry(day="2026-03-31", entry_type="adjustment")
    for params in ({"start_date": "2026-03-31"}, {"entry_type": "adjustment"}):
        assert [row["id"] for row in http("GET", "/journal-entries", params=params).json()["items"]] == [late["id"]]
    assert http("GET", "/journal-entries", params={"end_date": "2026-03-29"}).json()["total"] == 0


def test_the_company_is_checked(http: Any, books: Any) -> None:
    def status(path: str, company_id: str | None) -> int:
        params = {} if company_id is None else {"company_id": company_id}
        return int(http("GET", path, company=False, params=params).status_code)

    assert status("/invoices", None) == 200  # the help page's own example leaves it out
    assert status("/invoices/", None) == 422
    assert status("/payments/", None) == 422
    assert status("/invoices", "ours") == 422
    assert status("/invoices", books.vendor) == 403
    assert status("/invoices/", books.engine.company_id) == 200


def test_a_user_of_two_companies_has_to_choose(http: Any, books: Any) -> None:
    assert http("POST", "/_sim/limits", json={"second_company": True}).status_code == 200
    companies = http("GET", "/auth/me", company=False).json()["companies"]
    assert [each["role"] for each in companies] == ["accountant", "employee"]
    assert http("GET", "/companies", company=False).json()["total"] == 2
    assert http("GET", "/invoices", company=False).status_code == 422
    assert http("GET", "/invoices", company=False, params={"company_id": companies[1]["id"]}).status_code == 403
    assert http("GET", "/invoices", company=False, params={"company_id": companies[0]["id"]}).status_code == 200


def test_a_viewer_reads_but_does_not_write(client_of: Any, books: Any) -> None:
    http = client_of()
    http.login(user=1)
    assert http("GET", "/invoices").status_code == 200
    answer = http("POST", "/invoices", json=_body(books))
    assert (answer.status_code, answer.json()["detail"]) == (403, "The role viewer may not do this")
    path = f"/companies/{books.engine.company_id}/close-period"
    assert http("POST", path, json={"through": "2026-02-28"}).status_code == 403
    assert books.engine.list("invoices") == []


def test_an_invoice_goes_its_way_over_http(http: Any, books: Any) -> None:
    created = http("POST", "/invoices", json={**_body(books), "notes": "atlas_etrm:order:210"})
    assert created.status_code == 201
    invoice = created.json()
    assert (invoice["status"], invoice["notes"]) == ("draft", "atlas_etrm:order:210")
    path = f"/invoices/{invoice['id']}"
    sent = http("POST", f"{path}/send", params={"ar_account_id": books.accounts["1100"]})
    assert (sent.status_code, sent.json()["status"]) == (200, "sent")
    assert http("POST", f"{path}/send").status_code == 409
    payment = http(
        "POST",
        "/payments/",
        params={"ar_account_id": books.accounts["1100"]},
        json={"customer_id": books.customer, "payment_date": "2026-03-20", "amount": "1000.00"},
    )
    assert payment.status_code == 201
    body = {"invoice_id": invoice["id"], "amount": "1000.00"}
    applied = http("POST", f"/payments/{payment.json()['id']}/apply", json=body)
    assert (applied.status_code, applied.json()["unapplied_amount"]) == (200, "0.00")
    assert http("GET", path).json()["status"] == "paid"
    void = http("POST", f"{path}/void", json={"reason": "late"})
    assert (void.status_code, void.json()["status_code"]) == (409, 409)
    assert http("DELETE", path).status_code == 409


def test_a_bill_goes_its_way_over_http(http: Any, books: Any) -> None:
    line = {"description": "Hosting", "quantity": "1", "unit_price": "500.00", "account_id": books.accounts["6500"]}
    body = {"vendor_id": books.vendor, "bill_date": "2026-03-05", "vendor_bill_number": "HX-5512", "lines": [line]}
    bill = http("POST", "/bills/", json=body).json()
    assert bill["lines"][0]["expense_account_id"] == books.accounts["6500"]
    answer = http("POST", f"/bills/{bill['id']}/approve", json={"ap_account_id": books.accounts["2000"]})
    assert answer.json()["status"] == "approved"
    made = http(
        "POST",
        "/payments-made/",
        json={
            "vendor_id": books.vendor,
            "payment_date": "2026-03-20",
            "amount": "500.00",
            "payment_account_id": books.accounts["1000"],
            "applications": [{"bill_id": bill["id"], "amount_applied": "500.00"}],
        },
    )
    assert made.status_code == 201
    assert http("GET", "/bill-payments/").json()[0]["bill_id"] == bill["id"]
    assert books.balances() == {"1000": "-500.00", "6500": "500.00"}


def test_a_draft_is_deleted_with_an_empty_204(http: Any, books: Any) -> None:
    path = f"/invoices/{books.invoice()['id']}"
    deleted = http("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    missing = http("GET", path)
    assert (missing.status_code, missing.json()["status_code"]) == (404, 404)


def test_both_spellings_reach_the_same_customer(http: Any) -> None:
    created = http("POST", "/contacts/customers", json={"name": "Helen Oy"}).json()
    assert (created["display_name"], created["name"], created["balance"]) == ("Helen Oy", "Helen Oy", "0.00")
    changed = http("PATCH", f"/customers/{created['id']}", json={"phone": "+358 1"}).json()
    assert http("GET", f"/contacts/customers/{created['id']}").json() == changed
    duplicate = http("POST", "/customers/", json={"display_name": "helen oy"})
    assert (duplicate.status_code, duplicate.json()["errors"]) == (409, [])
    assert http("PATCH", f"/contacts/vendors/{http.books.vendor}", json={}).status_code == 405
    assert http("POST", "/chart-of-accounts", json={}).status_code == 405


def test_money_may_come_as_number_and_keeps_every_digit(http: Any, books: Any) -> None:
    text = json.dumps(_body(books, "PRICE")).replace('"PRICE"', "12345678901234.56")
    answer = http("POST", "/invoices", content=text, headers={"Content-Type": "application/json"})
    assert answer.json()["total_amount"] == "12345678901234.56"


def test_bodies_that_are_no_json_are_400(http: Any) -> None:
    broken = http("POST", "/invoices", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["detail"]) == (400, "The body is not valid JSON")
    assert http("POST", "/invoices", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    assert http("POST", "/invoices", json=[1]).json()["errors"][0] == {"field": "body", "message": "must be an object"}
    assert http("POST", "/invoices").status_code == 422


def test_reports_answer_for_the_dates_asked(http: Any, books: Any) -> None:
    books.sent("1000.00", day="2026-03-02")
    report = http("GET", "/reports/trial-balance", params={"as_of_date": "2026-03-01"}).json()
    assert report["accounts"] == []
    assert http("GET", "/reports/trial-balance").json()["total_debits"] == "1000.00"
    period = {"period_start": "2026-03-01", "period_end": "2026-03-31"}
    assert http("GET", "/reports/profit-loss", params=period).json()["net_income"] == "1000.00"
    assert (
        http("GET", "/reports/balance-sheet", params={"as_of_date": "2026-03-31"}).json()["total_assets"] == "1000.00"
    )
    assert http("GET", "/reports/cash-flow", params=period).json()["net_change"] == "0.00"
    assert http("GET", "/reports/ar-aging").json()["totals"]["total"] == "1000.00"
    assert http("GET", "/reports/ap-aging").json()["items"] == []
    account = books.accounts["1100"]
    assert http("GET", f"/accounts/{account}/balance").json()["balance"] == "1000.00"


def test_a_period_is_closed_and_reopened_over_http(http: Any, books: Any) -> None:
    path = f"/companies/{books.engine.company_id}"
    assert http("POST", f"{path}/close-period", json={"through": "2026-03-31"}).json()["closed_through"] == "2026-03-31"
    assert http("POST", "/invoices", json=_body(books)).status_code == 409
    assert http("POST", f"{path}/reopen-period").json()["closed_through"] is None
    assert http("POST", "/invoices", json=_body(books)).status_code == 201
    assert http("POST", "/companies/other/close-period", json={"through": "2026-03-31"}).status_code == 404


def test_a_deployment_may_speak_one_dialect_only(http: Any) -> None:
    http("POST", "/_sim/limits", json={"observed_routes": False})
    assert http("GET", "/payments/").status_code == 404
    assert http("GET", "/reports/trial-balance").status_code == 404
    assert http("GET", "/contacts/customers").status_code == 200
    http("POST", "/_sim/limits", json={"observed_routes": True, "documented_routes": False})
    assert http("GET", "/contacts/customers").status_code == 404
    assert http("GET", "/customers/").status_code == 200
    assert http("POST", "/_sim/limits", json={"observed_routes": "no"}).status_code == 400


def test_a_drop_after_the_commit_leaves_the_invoice_there(http: Any, books: Any) -> None:
    fault = {"match": {"method": "POST", "path_regex": "/invoices$"}, "kind": "drop_after", "times": 1}
    assert http("POST", "/_sim/faults", json=fault).status_code == 200
    with pytest.raises(Exception, match="/invoices"):
        http("POST", "/invoices", json=_body(books))
    assert http("GET", "/invoices").json()["total"] == 1


def test_no_route_is_declared_twice() -> None:
    routes = [(operation.method, operation.path) for operation in OPERATIONS]
    assert len(set(routes)) == len(routes)


def test_every_route_needs_a_token(client_of: Any) -> None:
    http = client_of()
    for operation in OPERATIONS:
        assert http(operation.method, operation.path.replace("{id}", "x")).status_code == 401
