"""Atlar's client: token and Basic, short pages, versions and idempotency keys, both sets of routes."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import msgspec
import pytest
from virtual import VirtualClock

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.transport import errors


class Vendor:
    """Atlar as far as one test needs it."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.tokens = 0
        self.live_token = ""
        self.token_path = "/iam/v2/oauth2/token"
        self.pages: dict[str, tuple[list[Any], str]] = {"": ([], "")}
        self.answers: list[httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "/oauth2/" in request.url.path and request.url.path != self.token_path:
            return httpx.Response(404, json={"status": 404, "message": "no such path"})
        if request.url.path == self.token_path:
            assert request.headers["Authorization"] == "Basic a2V5OnNlY3JldA=="
            assert request.content == b"grant_type=client_credentials"
            self.tokens += 1
            self.live_token = f"t{self.tokens}"
            return httpx.Response(
                200, json={"access_token": self.live_token, "token_type": "Bearer", "expires_in": 300}
            )
        if request.headers["Authorization"] not in (f"Bearer {self.live_token}", "Basic a2V5OnNlY3JldA=="):
            return httpx.Response(401, json={"status": 401, "message": "bad token"})
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        token = request.url.params.get("token", "")
        items, following = self.pages[token]
        return httpx.Response(200, json={"items": items, "nextToken": following, "token": token, "limit": 500})


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def client(vendor: Vendor, clock: VirtualClock, **settings: Any) -> AtlarClient:
    given = {"requests_per_second": 0, **settings}
    return AtlarClient(AtlarConfig("https://atlar.test", "key", "secret", **given), clock.clockwork(vendor))


@pytest.mark.parametrize("end", ["", None])
def test_short_and_empty_pages_are_not_the_end(vendor: Vendor, clock: VirtualClock, end: Any) -> None:
    vendor.pages = {"": ([{"id": "1"}], "p2"), "p2": ([], "p3"), "p3": ([{"id": "2"}, {"id": "3"}], end)}
    records = client(vendor, clock).records("transactions")
    assert [msgspec.json.decode(each)["id"] for each in records] == ["1", "2", "3"]
    assert [request.url.params["limit"] for request in vendor.requests] == ["500"] * 3


def test_filters_stay_the_same_while_paging(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.pages = {"": ([], "p2"), "p2": ([], "")}
    client(vendor, clock).transactions(date(2026, 3, 1), [])
    assert [request.url.params["date[gte]"] for request in vendor.requests] == ["2026-03-01"] * 2


def test_a_token_that_comes_again_ends_the_reading(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.pages = {"": ([], "p2"), "p2": ([], "p2")}
    with pytest.raises(errors.UnexpectedAnswer, match="never comes to an end"):
        client(vendor, clock).records("accounts")


def test_an_expired_token_is_renewed_in_the_middle_of_paging(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.pages = {"": ([{"id": "1"}], "p2"), "p2": ([{"id": "2"}], "")}
    pages = client(vendor, clock).pages("accounts")
    next(pages)
    vendor.live_token = "expired"
    assert [bytes(each) for each in next(pages)] == [b'{"id":"2"}']
    assert vendor.tokens == 2


def test_a_token_of_five_minutes_is_renewed_a_minute_early(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock)
    for elapsed in (0, 239, 2):
        clock.now += elapsed
        talking.records("accounts")
    assert vendor.tokens == 2


def test_the_older_name_of_the_token_call_is_tried(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.token_path = "/iam/v2beta/oauth2/token"
    client(vendor, clock).records("accounts")
    assert vendor.tokens == 1


def test_a_token_that_ends_while_the_pace_holds_a_request_is_renewed_before_it(
    vendor: Vendor, clock: VirtualClock
) -> None:
    talking = client(vendor, clock)
    talking.records("accounts")
    vendor.answers = [httpx.Response(429, headers={"Retry-After": "900"})]
    ended = vendor.live_token
    talking.records("accounts")
    assert vendor.tokens == 2
    assert [request.headers["Authorization"] for request in vendor.requests[1:]] == [f"Bearer {ended}", "Bearer t2"]


def test_basic_needs_no_token(vendor: Vendor, clock: VirtualClock) -> None:
    client(vendor, clock, auth="basic").records("accounts")
    assert vendor.tokens == 0


def test_the_seeds_routes(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock, routes="seed")
    talking.records("balances", id="a1")
    talking.transactions(None, ["a1", "a2"])
    talking.records("documents")
    assert [request.url.path for request in vendor.requests] == [
        "/accounts/a1/balances",
        "/accounts/a1/transactions",
        "/accounts/a2/transactions",
        "/v2beta/documents",
    ]


def test_a_create_carries_its_key_and_repeats_it_on_425(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [httpx.Response(425), httpx.Response(201, json={"id": "d1", "version": 1})]
    reply = client(vendor, clock).create("documents", {"type": "INVOICE"}, "key-1")
    assert reply.one() == {"id": "d1", "version": 1}
    assert [request.headers["Idempotency-Key"] for request in vendor.requests] == ["key-1", "key-1"]


def test_a_patch_says_which_version_it_changes(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [httpx.Response(412, json={"status": 412, "message": "stale"})]
    ops = [{"op": "replace", "path": "/voided", "value": True}]
    with pytest.raises(errors.Conflict):
        client(vendor, clock).patch("documents", "doc-1", ops, "version:3", "key-1")
    (request,) = vendor.requests
    assert request.method == "PATCH"
    assert request.headers["If-Match"] == "version:3"
    assert request.headers["Content-Type"] == "application/json-patch+json"
    assert request.content == b'[{"op":"replace","path":"/voided","value":true}]'


@pytest.mark.parametrize("status", [500, 503])
def test_a_create_that_fails_at_the_vendor_is_not_repeated(vendor: Vendor, clock: VirtualClock, status: int) -> None:
    vendor.answers = [httpx.Response(status)]
    with pytest.raises(errors.OutcomeUnknown):
        client(vendor, clock).create("accounts_payables", {}, "k")
    assert len(vendor.requests) == 1


def test_look_up_by_external_id(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [
        httpx.Response(200, json={"id": "g1"}),
        httpx.Response(404, json={"status": 404, "message": "no"}),
    ]
    talking = client(vendor, clock)
    assert talking.by_external_id("gl_accounts", "coa-1930") == {"id": "g1"}
    assert talking.by_external_id("gl_accounts", "coa-2") is None
    assert vendor.requests[0].url.path == "/accounting/v2beta/gl-accounts/external:coa-1930"


def test_429_without_a_hint_backs_off(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [httpx.Response(429), httpx.Response(429, headers={"Retry-After": "3"})]
    client(vendor, clock).records("accounts")
    assert clock.slept == [2.0, 3.0]


def test_a_storm_of_429_without_a_hint_makes_the_pauses_grow(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [httpx.Response(429)] * 8
    talking = client(vendor, clock)
    talking.records("accounts")
    assert clock.slept == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]
    vendor.answers = [httpx.Response(429)]
    talking.records("accounts")
    assert clock.slept[8:] == [2.0]  # the answer between them ended the row


def test_pacing_keeps_below_the_cap(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock, requests_per_second=5)
    for _ in range(49):
        talking.records("accounts")
    assert sum(clock.slept) >= (50 - 5) / 5


def test_a_format_the_vendor_does_not_know_means_the_banks_own_file(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers = [httpx.Response(400, json={"message": "unknown format"}), httpx.Response(200, content=b":20:x")]
    assert client(vendor, clock).report_content("con", "rep") == b":20:x"
    assert [request.url.params.get("format") for request in vendor.requests] == ["CAMT_053", None]


@pytest.mark.parametrize(("name", "value"), [("routes", "old"), ("auth", "digest")])
def test_an_unknown_setting_is_named(vendor: Vendor, clock: VirtualClock, name: str, value: str) -> None:
    with pytest.raises(errors.SettingRefused, match=f"SOURCES__ATLAR__{name.upper()}"):
        client(vendor, clock, **{name: value})


def test_credentials_are_not_shown() -> None:
    assert "sesame" not in repr(AtlarConfig("https://atlar.test", "sesame-key", "sesame-secret"))
