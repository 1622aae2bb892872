"""Each vendor's client against mocked routes: the token, its renewal in the middle of paging, 429, the envelope."""

from __future__ import annotations

from decimal import Decimal

import httpx
import msgspec
import pytest
import respx
from virtual import VirtualClock

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.transport import errors
from pipelines.transport.session import Clockwork

ETRM = "https://etrm.test"
ACCOUNTING = "https://books.test/api/v1"
ATLAR = "https://atlar.test"


@pytest.fixture
def wire(clock: VirtualClock) -> Clockwork:
    """Virtual time over httpx's own transport, which respx answers for."""
    return Clockwork(sleep=clock.sleep, monotonic=lambda: clock.now, time=lambda: clock.now)


def _etrm(wire: Clockwork) -> AtlasEtrmClient:
    return AtlasEtrmClient(AtlasEtrmConfig(ETRM, "desk", "secret", 0), wire)


def _accounting(wire: Clockwork) -> AtlasAccountingClient:
    return AtlasAccountingClient(AtlasAccountingConfig(ACCOUNTING, "a@b.test", "secret", "c-1", tier="unlimited"), wire)


def _atlar(wire: Clockwork) -> AtlarClient:
    return AtlarClient(AtlarConfig(ATLAR, "key", "secret", requests_per_second=0), wire)


def _token(*names: str) -> list[httpx.Response]:
    return [httpx.Response(200, json={"success": True, "data": {"token": name, "expiresIn": 3600}}) for name in names]


@respx.mock(base_url=ETRM)
def test_atlas_etrm_renews_its_token_once_on_401_and_repeats_the_same_request(
    respx_mock: respx.MockRouter, wire: Clockwork
) -> None:
    token = respx_mock.post("/api/token").mock(side_effect=_token("t1", "t2"))
    orders = respx_mock.post("/api/Order/GetByIds").mock(
        side_effect=[
            httpx.Response(401),
            httpx.Response(200, content=b'{"success":true,"recordCount":1,"data":[{"id":1,"totalAmount":74400.10}]}'),
        ]
    )
    found = _etrm(wire).orders_by_ids([1])
    assert found == [{"id": 1, "totalAmount": Decimal("74400.10")}]
    assert token.call_count == 2
    assert [call.request.headers["Authorization"] for call in orders.calls] == ["Bearer t1", "Bearer t2"]
    assert [msgspec.json.decode(call.request.content) for call in orders.calls] == [{"data": [1]}] * 2


@respx.mock(base_url=ETRM)
def test_atlas_etrm_waits_at_least_a_minute_after_429(
    respx_mock: respx.MockRouter, wire: Clockwork, clock: VirtualClock
) -> None:
    respx_mock.post("/api/token").mock(side_effect=_token("t1"))
    respx_mock.post("/api/Order/GetByIds").mock(
        side_effect=[httpx.Response(429), httpx.Response(200, json={"success": True, "recordCount": 0, "data": []})]
    )
    assert _etrm(wire).orders_by_ids([1]) == []
    assert sum(clock.slept) >= 60


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"success": False, "recordCount": 0, "data": [], "message": "no such order"}, errors.Refused),
        ({"success": True, "recordCount": 2, "data": [{"id": 1}]}, errors.UnexpectedAnswer),
    ],
)
def test_atlas_etrm_believes_the_envelope_and_not_the_status(
    wire: Clockwork, answer: dict[str, object], error: type[Exception]
) -> None:
    with respx.mock(base_url=ETRM) as routes:
        routes.post("/api/token").mock(side_effect=_token("t1"))
        routes.post("/api/Order/GetByIds").respond(200, json=answer)
        with pytest.raises(error):
            _etrm(wire).orders_by_ids([1])


@respx.mock(base_url=ACCOUNTING)
def test_atlas_accounting_refreshes_in_the_middle_of_paging_and_loses_no_row(
    respx_mock: respx.MockRouter, wire: Clockwork
) -> None:
    login = respx_mock.post("/auth/login").respond(
        200, json={"tokens": {"access_token": "a1", "refresh_token": "r1", "token_type": "bearer", "expires_in": 3600}}
    )
    refresh = respx_mock.post("/auth/refresh").respond(200, json={"access_token": "a2"})

    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        if number == 2 and request.headers["Authorization"] == "Bearer a1":
            return httpx.Response(401, json={"detail": "expired", "status_code": 401})
        rows = [{"id": f"v{(number - 1) * 100 + row}"} for row in range(100 if number < 3 else 5)]
        body = {"items": rows, "total": 205, "page": number, "page_size": 100, "has_next": number < 3}
        return httpx.Response(200, json=body)

    respx_mock.get("/contacts/vendors").mock(side_effect=page)
    listing = _accounting(wire).all_records("vendors")
    ids = {msgspec.json.decode(record)["id"] for record in listing.records}
    assert ids == {f"v{number}" for number in range(205)}
    assert (login.call_count, refresh.call_count) == (1, 1)


@respx.mock(base_url=ACCOUNTING)
def test_atlas_accounting_waits_until_its_limit_resets(
    respx_mock: respx.MockRouter, wire: Clockwork, clock: VirtualClock
) -> None:
    respx_mock.post("/auth/login").respond(200, json={"tokens": {"access_token": "a1", "refresh_token": "r1"}})
    # Reset is an instant of the vendor's clock, so it is read against the vendor's own Date.
    reset = {"X-RateLimit-Reset": "1775808017", "X-RateLimit-Remaining": "0", "Date": "Fri, 10 Apr 2026 08:00:00 GMT"}
    respx_mock.get("/invoices/i-1").mock(
        side_effect=[httpx.Response(429, headers=reset), httpx.Response(200, json={"id": "i-1"})]
    )
    assert _accounting(wire).invoice("i-1") == {"id": "i-1"}
    assert 17 <= sum(clock.slept) < 60


@respx.mock(base_url=ATLAR)
def test_atlar_pages_to_the_empty_token_over_short_and_empty_pages_and_a_dead_token(
    respx_mock: respx.MockRouter, wire: Clockwork
) -> None:
    tokens = respx_mock.post("/iam/v2/oauth2/token").mock(
        side_effect=[
            httpx.Response(200, json={"access_token": name, "token_type": "Bearer", "expires_in": 300})
            for name in ("o1", "o2")
        ]
    )
    pages = {"": (["a", "b"], "p2"), "p2": ([], "p3"), "p3": (["c"], "")}

    def page(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("token", "")
        if token == "p3" and request.headers["Authorization"] == "Bearer o1":
            return httpx.Response(401, json={"status": 401, "message": "expired"})
        items, following = pages[token]
        body = {"items": [{"id": item} for item in items], "nextToken": following, "token": token, "limit": 500}
        return httpx.Response(200, json=body)

    respx_mock.get("/accounting/v2beta/gl-entities").mock(side_effect=page)
    assert [entity["id"] for entity in _atlar(wire).listed("gl_entities")] == ["a", "b", "c"]
    assert tokens.call_count == 2


@respx.mock(base_url=ATLAR)
def test_atlar_honours_retry_after(respx_mock: respx.MockRouter, wire: Clockwork, clock: VirtualClock) -> None:
    respx_mock.post("/iam/v2/oauth2/token").respond(
        200, json={"access_token": "o1", "token_type": "Bearer", "expires_in": 300}
    )
    respx_mock.get("/accounting/v2beta/documents/d-1").mock(
        side_effect=[httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={"id": "d-1"})]
    )
    assert _atlar(wire).one("documents", "d-1") == {"id": "d-1"}
    assert 7 <= sum(clock.slept) < 8


@respx.mock(base_url=ATLAR)
def test_a_write_whose_answer_never_comes_is_unknown_and_is_not_sent_again(
    respx_mock: respx.MockRouter, wire: Clockwork
) -> None:
    respx_mock.post("/iam/v2/oauth2/token").respond(
        200, json={"access_token": "o1", "token_type": "Bearer", "expires_in": 300}
    )
    created = respx_mock.post("/accounting/v2beta/documents").mock(side_effect=httpx.ReadTimeout("gone"))
    with pytest.raises(errors.OutcomeUnknown):
        _atlar(wire).create("documents", {"type": "INVOICE"}, "key-1")
    assert created.call_count == 1
