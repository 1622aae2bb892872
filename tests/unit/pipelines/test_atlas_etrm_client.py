"""ATLAS ETRM's client: tokens, the envelope, empty id lists, pacing, and writes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from virtual import VirtualClock

from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.transport import errors


class Vendor:
    """ATLAS ETRM as far as one test needs it: tokens that can be revoked, and scripted answers by path."""

    def __init__(self) -> None:
        self.tokens = 0
        self.revoked: set[str] = set()
        self.requests: list[tuple[str, Any]] = []
        self.answers: dict[str, list[httpx.Response]] = {}
        self.password = "right"
        self.token_body: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, msgspec.json.decode(request.content)
        if path == "/api/token":
            return self._token(body)
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token in self.revoked:
            return httpx.Response(401)
        self.requests.append((path, body))
        scripted = self.answers.get(path)
        if scripted:
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]
        return envelope([])

    def _token(self, body: Any) -> httpx.Response:
        if body["password"] != self.password:
            return httpx.Response(401, json={"success": False, "message": "unknown user"})
        self.tokens += 1
        token = f"t{self.tokens}"
        return httpx.Response(
            200, json=self.token_body or {"success": True, "data": {"token": token, "expiresIn": 3600}}
        )


def envelope(records: list[Any], **changes: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "recordCount": len(records), "data": records, **changes})


def client(vendor: Vendor, clock: VirtualClock, password: str = "right", per_minute: int = 0) -> AtlasEtrmClient:
    config = AtlasEtrmConfig("https://etrm.test", "user", password, per_minute)
    return AtlasEtrmClient(config, clock.clockwork(vendor))


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def test_one_token_serves_many_calls(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock)
    talking.all_orders()
    talking.all_invoices()
    assert vendor.tokens == 1
    assert vendor.requests == [("/api/Order/GetByIds", {"data": []}), ("/api/Invoice/GetByIds", {"data": []})]
    assert talking.requests == 3


def test_a_token_is_renewed_five_minutes_early(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock)
    talking.all_orders()
    clock.now += 3301
    talking.all_orders()
    assert vendor.tokens == 2


def test_an_expired_token_is_renewed_once_in_the_middle_of_a_read(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock)
    vendor.answers["/api/Payment/GetByInvoiceIds"] = [envelope([{"id": 1}])]
    talking.all_orders()
    vendor.revoked.add("t1")
    assert len(talking.payments_of_invoices(range(1, 401))) == 2
    assert vendor.tokens == 2


def test_a_second_401_is_a_refusal(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.revoked |= {"t1", "t2"}
    with pytest.raises(errors.CredentialsRefused):
        client(vendor, clock).all_orders()
    assert vendor.tokens == 2


def test_a_write_goes_again_after_401(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.revoked.add("t1")
    vendor.answers["/api/Order/Post"] = [envelope([{"id": 5, "totalAmount": 1}])]
    assert client(vendor, clock).post_orders([{"id": 5}]).one() == {"id": 5, "totalAmount": 1}
    assert len(vendor.requests) == 1


def test_a_wrong_password_is_said_without_showing_it(vendor: Vendor, clock: VirtualClock) -> None:
    with pytest.raises(errors.CredentialsRefused) as caught:
        client(vendor, clock, password="wrong-secret").all_orders()
    assert "wrong-secret" not in str(caught.value) + repr(AtlasEtrmConfig("u", "user", "wrong-secret"))


@pytest.mark.parametrize(
    "body",
    [
        {"success": True, "data": {"token": "t1"}},
        {"success": True, "data": "t1"},
        {"token": "t1"},
        {"access_token": "t1"},
        {"success": True, "data": {"accessToken": "t1"}},
    ],
)
def test_every_token_shape_is_understood(vendor: Vendor, clock: VirtualClock, body: Any) -> None:
    vendor.token_body = body
    client(vendor, clock).all_orders()
    assert len(vendor.requests) == 1


def test_a_failure_under_http_200_is_a_failure(vendor: Vendor, clock: VirtualClock) -> None:
    refusal = {
        "success": False,
        "recordCount": 0,
        "data": [],
        "message": "Validation failed",
        "errors": [{"field": "dueDate", "message": "is required"}],
    }
    vendor.answers["/api/Order/Post"] = [httpx.Response(200, json=refusal)]
    with pytest.raises(errors.Refused, match="Validation failed") as caught:
        client(vendor, clock).post_orders([{"id": 5}])
    assert caught.value.field_errors == (("dueDate", "is required"),)
    assert len(vendor.requests) == 1


def test_a_record_count_that_does_not_match_is_refused(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers["/api/Order/GetByIds"] = [envelope([{"id": 1}], recordCount=2)]
    with pytest.raises(errors.UnexpectedAnswer, match="recordCount is 2, data has 1"):
        client(vendor, clock).all_orders()


@pytest.mark.parametrize("body", [{"success": True}, {"success": True, "data": None}])
def test_no_list_is_not_an_empty_one(vendor: Vendor, clock: VirtualClock, body: dict[str, Any]) -> None:
    vendor.answers["/api/Order/GetByIds"] = [httpx.Response(200, json=body)]
    with pytest.raises(errors.UnexpectedAnswer, match="success without data"):
        client(vendor, clock).all_orders()
    vendor.answers["/api/Order/GetByIds"] = [httpx.Response(200, json={**body, "recordCount": 0})]
    assert client(vendor, clock).all_orders() == []
    vendor.answers["/api/Order/Post"] = [httpx.Response(200, json=body)]
    assert client(vendor, clock).post_orders([{"id": 1}]).status == 200


def test_a_write_answered_with_a_wrong_count_has_an_unknown_outcome(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers["/api/Invoice/Post"] = [envelope([], recordCount=1)]
    with pytest.raises(errors.OutcomeUnknown):
        client(vendor, clock).post_invoices([{"amount": "1.00"}])


def test_html_is_refused(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers["/api/Order/GetByIds"] = [httpx.Response(200, html="<html>maintenance</html>")]
    with pytest.raises(errors.UnexpectedAnswer, match="HTML"):
        client(vendor, clock).all_orders()


@pytest.mark.parametrize(
    "look_up",
    [
        "orders_by_ids",
        "order_items_by_order_ids",
        "counterparties_by_ids",
        "invoices_by_ids",
        "invoices_by_external_ids",
        "payments_by_invoice_ids",
        "payments_by_order_ids",
    ],
)
def test_an_empty_id_list_is_never_sent(vendor: Vendor, clock: VirtualClock, look_up: str) -> None:
    talking = client(vendor, clock)
    with pytest.raises(ValueError, match="empty id list"):
        getattr(talking, look_up)([])
    assert talking.requests == 0


def test_no_invoices_means_no_request_for_payments(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock)
    assert talking.payments_of_invoices([]) == []
    assert talking.requests == 0


def test_ids_go_in_chunks_of_200_each_once(vendor: Vendor, clock: VirtualClock) -> None:
    client(vendor, clock).payments_of_invoices([*range(450), *range(450)])
    assert [len(body["data"]) for _, body in vendor.requests] == [200, 200, 50]


def test_a_single_id_goes_bare(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers["/api/Invoice/GetByOrderId"] = [envelope([], data={"id": 4, "amount": 1.50}, recordCount=1)]
    assert client(vendor, clock).invoices_by_order_id(42) == [{"id": 4, "amount": Decimal("1.5")}]
    assert vendor.requests == [("/api/Invoice/GetByOrderId", {"data": 42})]


def test_amounts_are_read_and_written_with_their_digits(clock: VirtualClock) -> None:
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token":
            return httpx.Response(200, json={"data": "t"})
        bodies.append(request.content)
        return httpx.Response(200, content=b'{"success":true,"recordCount":1,"data":[{"amount":1234567890123456.78}]}')

    talking = AtlasEtrmClient(AtlasEtrmConfig("https://etrm.test", "u", "p"), clock.clockwork(handler))
    reply = talking.post_payments(
        [{"invoiceId": 1, "amount": Decimal("30000.00"), "paymentDate": "2026-04-16T00:00:00"}]
    )
    assert b'"amount":30000.00,' in bodies[0]
    assert reply.one() == {"amount": Decimal("1234567890123456.78")}
    assert bytes(reply.records[0]) == b'{"amount":1234567890123456.78}'


def test_after_429_nothing_is_sent_for_60_seconds(vendor: Vendor, clock: VirtualClock) -> None:
    vendor.answers["/api/Order/GetByIds"] = [httpx.Response(429, headers={"Retry-After": "5"}), envelope([{"id": 1}])]
    assert len(client(vendor, clock).all_orders()) == 1
    assert sum(clock.slept) == 60.0


def test_the_client_stays_below_100_a_minute(vendor: Vendor, clock: VirtualClock) -> None:
    talking = client(vendor, clock, per_minute=100)
    for _ in range(99):
        talking.all_orders()
    assert clock.slept == [61.0]
    assert talking.requests == 100


def test_writing_nothing_is_refused(vendor: Vendor, clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match="nothing to write"):
        client(vendor, clock).post_orders([])


def test_the_pace_is_kept_from_one_process_to_the_next(vendor: Vendor, clock: VirtualClock, tmp_path: Path) -> None:
    config = AtlasEtrmConfig("https://etrm.test", "user", "right", 100, tmp_path / "pace.json")
    first = AtlasEtrmClient(config, clock.clockwork(vendor))
    for _ in range(60):
        first.all_orders()
    first.close()
    second = AtlasEtrmClient(config, clock.clockwork(vendor))
    for _ in range(38):
        second.all_orders()
    assert clock.slept == [61.0]
