"""ATLAS ETRM over HTTP: token, envelope, limit, shapes of failure, exact digits (contract sections 1 to 3)."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.atlas_etrm.engine import AtlasEtrmEngine
from sandbox.atlas_etrm.server import ENDPOINTS, create_app
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.http import DroppedConnection
from sandbox.limits import FixedWindow
from sandbox.store import Store

ORDER = {
    "id": 3110,
    "name": "2026-03 Helios",
    "counterpartyId": 57,
    "orderType": "Settlement",
    "documentType": 1,
    "registrationDate": "2026-04-03T00:00:00",
    "dueDate": "2026-04-17T00:00:00",
    "totalAmount": "74400.00",
    "status": "Approved order by ETRM",
    "erpCode": None,
}
HUGE = "12345678901234567890.123456789012345678"


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Vendor:
    """One instance in memory, called over ASGI."""

    def __init__(self, requests_per_minute: int = 0) -> None:
        self.seconds = Seconds()
        store = Store(":memory:")
        clock = SandboxClock(date(2026, 4, 10), monotonic=self.seconds)
        self.engine = AtlasEtrmEngine(store, clock)
        self.engine.load("counterparties", [{"id": 57, "legalName": "Helios PV Park SA"}])
        self.engine.load("orders", [ORDER])
        limiter = FixedWindow(requests_per_minute, monotonic=self.seconds)
        self.app = create_app(
            self.engine, username="ada", password="lovelace", limiter=limiter, control=Control(store, clock)
        )
        self.bearer: str | None = None

    def call(
        self, path: str, body: Any = None, *, method: str = "POST", content: bytes | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app=self.app), base_url="http://etrm.test"
            ) as client:
                sent = content if content is not None else None if body is None else json.dumps(body).encode()
                return await client.request(method, path, content=sent, headers=headers)

        return asyncio.run(send())

    def log_in(self) -> Vendor:
        answer = self.call("/api/token", {"username": "ada", "password": "lovelace"})
        self.bearer = answer.json()["data"]["token"]
        return self


@pytest.fixture
def vendor() -> Vendor:
    return Vendor().log_in()


def test_the_token_is_a_web_token_of_one_hour_by_the_sandbox_clock() -> None:
    vendor = Vendor()
    answer = vendor.call("/api/token", {"username": "ada", "password": "lovelace"})
    body = answer.json()
    assert (answer.status_code, body["success"], body["recordCount"], body["data"]["expiresIn"]) == (200, True, 1, 3600)
    claims = body["data"]["token"].split(".")[1]
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert decoded["exp"] == int(vendor.engine.clock.now().timestamp()) + 3600


@pytest.mark.parametrize("given", [{"username": "ada", "password": "x"}, {"username": "x", "password": "lovelace"}])
def test_bad_credentials_are_401(given: dict[str, str]) -> None:
    answer = Vendor().call("/api/token", given)
    assert (answer.status_code, answer.json()["success"]) == (401, False)


def test_a_token_request_without_a_password_is_400() -> None:
    assert Vendor().call("/api/token", {"username": "ada"}).status_code == 400


def test_an_expired_token_is_401_and_a_new_one_works(vendor: Vendor) -> None:
    vendor.seconds.now += 3599
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 200
    vendor.seconds.now += 2
    refused = vendor.call("/api/Order/GetByIds", {"data": []})
    assert refused.status_code == 401
    assert refused.json() == {
        "success": False,
        "recordCount": 0,
        "data": [],
        "message": "The token is missing, invalid or expired",
        "errors": None,
    }
    assert vendor.log_in().call("/api/Order/GetByIds", {"data": []}).status_code == 200


@pytest.mark.parametrize("bearer", [None, "", "nonsense", "a.b.c"])
def test_no_token_or_a_bad_one_is_401(vendor: Vendor, bearer: str | None) -> None:
    vendor.bearer = bearer
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 401


def test_a_changed_token_is_401(vendor: Vendor) -> None:
    assert vendor.bearer is not None
    head, claims, signature = vendor.bearer.split(".")
    padded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    later = base64.urlsafe_b64encode(padded.replace(b'"exp":1', b'"exp":9')).rstrip(b"=").decode()
    vendor.bearer = f"{head}.{later}.{signature}"
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 401


def test_every_endpoint_answers_its_envelope(vendor: Vendor) -> None:
    for path in ENDPOINTS:
        body = {"data": 3110 if path.endswith("GetByOrderId") else []}
        answer = vendor.call(path, body)
        told = answer.json()
        assert answer.status_code == 200, path
        assert told["success"] is True
        assert told["recordCount"] == len(told["data"])
        assert (told["message"], told["errors"]) == (None, None)


def test_money_is_a_number_with_the_digits_that_were_stored(vendor: Vendor) -> None:
    text = vendor.call("/api/Order/GetByIds", {"data": [3110]}).text
    assert '"totalAmount":74400.00,' in text
    posted = (
        '{"data":[{"id":3110,"registrationDate":"2026-04-03T00:00:00","dueDate":"2026-04-17T00:00:00",'
        f'"totalAmount":{HUGE}}}]}}'
    )
    assert f'"totalAmount":{HUGE},' in vendor.call("/api/Order/Post", content=posted.encode()).text
    assert f'"totalAmount":{HUGE},' in vendor.call("/api/Order/GetByIds", {"data": []}).text


def test_an_unknown_path_is_404_and_a_get_is_405(vendor: Vendor) -> None:
    missing = vendor.call("/api/Order/Delete", {"data": []})
    assert (missing.status_code, missing.json()["success"]) == (404, False)
    wrong = vendor.call("/api/Order/GetByIds", method="GET")
    assert (wrong.status_code, wrong.json()["message"], wrong.headers["allow"]) == (405, "Method not allowed", "POST")


@pytest.mark.parametrize(
    "content", [b"", b"[", b"[]", b"{}", b'{"data": null}', b'{"data": ["1"]}', b'{"data": [true]}']
)
def test_a_malformed_body_is_400(vendor: Vendor, content: bytes) -> None:
    answer = vendor.call("/api/Order/GetByIds", content=content)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert answer.json()["message"]


def test_the_hundred_and_first_request_of_a_minute_is_429() -> None:
    vendor = Vendor(requests_per_minute=100).log_in()
    statuses = [vendor.call("/api/Order/GetByIds", {"data": []}).status_code for _ in range(99)]
    assert statuses == [200] * 99, "the token call is the first of the hundred"
    refused = vendor.call("/api/Order/GetByIds", {"data": []})
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["success"]) == (429, "60", False)
    vendor.seconds.now += 60
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 200


def test_a_refused_write_names_the_members_at_fault(vendor: Vendor) -> None:
    answer = vendor.call("/api/Order/Post", {"data": [{"id": 3110, "erpCode": "X"}]})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Validation failed"
    assert answer.json()["errors"] == [
        {"field": "data[0].registrationDate", "message": "is required"},
        {"field": "data[0].dueDate", "message": "is required"},
        {"field": "data[0].totalAmount", "message": "is required"},
    ]


def test_switches_refuse_under_200_deny_a_path_and_number_the_statuses(vendor: Vendor) -> None:
    answer = vendor.call(
        "/_sim/limits",
        {"refusals_under_200": True, "status_numbers": True, "denied_paths": ["/api/Deal/GetByIds"]},
    )
    assert answer.status_code == 200
    refused = vendor.call("/api/Order/Post", {"data": [{"id": 1}]})
    assert (refused.status_code, refused.json()["success"]) == (200, False)
    assert vendor.call("/api/Deal/GetByIds", {"data": []}).status_code == 403
    assert vendor.call("/api/Order/GetByIds", {"data": []}).json()["data"][0]["status"] == 2
    vendor.call("/_sim/limits", {"status_numbers": False})
    assert vendor.call("/api/Order/GetByIds", {"data": []}).json()["data"][0]["status"] == "Approved order by ETRM"


def test_the_request_log_says_what_was_done_but_no_secret() -> None:
    vendor = Vendor().log_in()
    counterparty = {"legalName": "X", "iban": "GR1601101250000000012300695"}
    vendor.call("/api/Counterparty/Post", {"data": [counterparty]})
    told = vendor.call("/_sim/requests", method="GET").json()
    assert [(entry["method"], entry["path"], entry["status"]) for entry in told["requests"]] == [
        ("POST", "/api/token", 200),
        ("POST", "/api/Counterparty/Post", 200),
    ]
    assert told["requests"][0]["body"] == '{"username": "ada", "password": "***"}'
    assert '"GR..0695"' in told["requests"][1]["body"]
    assert told["last"] == 2
    assert vendor.call("/_sim/requests?since=1", method="GET").json()["requests"][0]["number"] == 2
    vendor.call("/_sim/requests", method="DELETE")
    assert vendor.call("/_sim/requests", method="GET").json()["requests"] == []


def test_dropped_after_the_commit_the_write_is_there_and_no_answer_is(vendor: Vendor) -> None:
    fault = {"match": {"method": "POST", "path_regex": "Counterparty/Post$"}, "kind": "drop_after"}
    assert vendor.call("/_sim/faults", fault).status_code == 200
    with pytest.raises(DroppedConnection):
        vendor.call("/api/Counterparty/Post", {"data": [{"legalName": "Once"}]})
    names = [record["legalName"] for record in vendor.call("/_sim/state/counterparties", method="GET").json()]
    assert names == ["Helios PV Park SA", "Once"]
    assert vendor.call("/api/Counterparty/Post", {"data": [{"legalName": "Twice"}]}).status_code == 200
    logged = vendor.call("/_sim/requests", method="GET").json()["requests"]
    assert [(entry["status"], entry["fault"]) for entry in logged[1:]] == [(None, "drop_after"), (200, None)]


def test_dropped_before_nothing_happened(vendor: Vendor) -> None:
    vendor.call("/_sim/faults", {"match": {"path_regex": "Post$"}, "kind": "drop_before"})
    with pytest.raises(DroppedConnection):
        vendor.call("/api/Counterparty/Post", {"data": [{"legalName": "Never"}]})
    assert vendor.call("/_sim/state", method="GET").json() == {"counterparties": 1, "orders": 1}


def test_faults_answer_a_status_or_another_body_skip_and_count_down(vendor: Vendor) -> None:
    faults = [
        {"match": {"path_regex": "Order/"}, "kind": "status", "status": 503, "skip": 1, "times": 2},
        {"match": {"path_regex": "Deal/"}, "kind": "body", "body": "<html>", "headers": {"Content-Type": "text/html"}},
        {
            "match": {"path_regex": "Counterparty/Post", "body_regex": "Late"},
            "kind": "status",
            "status": 500,
            "body": {"success": False, "amount": 1},
            "after_commit": True,
        },
    ]
    sent = json.dumps(faults).replace('"amount": 1', '"amount": 74400.00')
    assert vendor.call("/_sim/faults", content=sent.encode()).status_code == 200
    statuses = [vendor.call("/api/Order/GetByIds", {"data": []}).status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    page = vendor.call("/api/Deal/GetByIds", {"data": []})
    assert (page.status_code, page.text, page.headers["content-type"]) == (200, "<html>", "text/html")
    late = vendor.call("/api/Counterparty/Post", {"data": [{"legalName": "Late"}]})
    assert (late.status_code, late.text) == (500, '{"success":false,"amount":74400.00}')
    assert vendor.engine.store.tables()["counterparties"] == 2
    assert vendor.call("/_sim/faults", method="GET").json() == {"faults": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_sim/faults", {"kind": "explode"}),
        ("/_sim/faults", {"kind": "delay", "speed": 1}),
        ("/_sim/faults", {"kind": "delay", "times": "2"}),
        ("/_sim/faults", {"kind": "delay", "match": {"path_regex": "("}}),
        ("/_sim/limits", {"requests": 1}),
        ("/_sim/limits", {"requests_per_minute": -1}),
        ("/_sim/clock", {"advance_seconds": -5}),
        ("/_sim/clock", {}),
        ("/_sim/clock", []),
    ],
)
def test_a_wrong_control_request_is_400_and_says_why(vendor: Vendor, path: str, body: Any) -> None:
    answer = vendor.call(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_delay_of_a_fraction_of_a_second_is_waited_for(vendor: Vendor) -> None:
    vendor.call("/_sim/faults", {"kind": "delay", "seconds": 0.05})
    before = time.monotonic()
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 200
    assert time.monotonic() - before >= 0.05


def test_the_clock_is_moved_on_the_control_route(vendor: Vendor) -> None:
    moved = vendor.call("/_sim/clock", {"advance_seconds": 86_400}).json()
    assert moved == {"now": "2026-04-11T08:00:00Z", "today": "2026-04-11"}
    assert vendor.call("/api/Order/GetByIds", {"data": []}).status_code == 401, "tokens end by it"
