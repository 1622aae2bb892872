"""The live balance call: the contract's body, its status codes, and never a zero for somebody unknown."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tieout import publish
from tieout.errors import SettingsError
from tieout.service import BALANCE_PATH, ServiceConfig, create_app, listening
from tieout.settings import Paths, load

PUBLISHED_AT = datetime(2026, 4, 10, 6, 0, tzinfo=UTC)
COLUMNS = """
    customer_code varchar, currency_code varchar, as_of_date date, balance decimal(20,4), total_due decimal(20,4),
    last_charge_date date, last_sale_date date, last_payment_date date, last_payment_amount decimal(20,4),
    due_30_days decimal(20,4), due_60_days decimal(20,4), due_90_days decimal(20,4), due_120_days decimal(20,4),
    due_over_120_days decimal(20,4), open_credits decimal(20,4), credit_available decimal(20,4)
"""
ACME = (
    "ACME001", "EUR", "2026-04-10", "925.51", "403.92", "2026-03-30", "2026-03-31", "2026-03-12", "250",
    "120", "283.92", "0", "0", "0", "0", None,
)  # fmt: skip

Ask = Callable[..., httpx.Response]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    with duckdb.connect(str(paths.work)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.fct_customer_balances ({COLUMNS})")
        for row in (ACME, ("ACME001", "SEK", *ACME[2:]), ("NULLS", "EUR", *ACME[2:5], *([None] * 11))):
            connection.execute(f"insert into marts.fct_customer_balances values ({', '.join('?' * 16)})", row)
    publish.publish(paths, as_of="2026-04-10", verified_at=PUBLISHED_AT)
    return paths


@pytest.fixture
def ask(paths: Paths) -> Ask:
    return _asker(ServiceConfig(paths, ("store-token",), ("store:pa:ss",), "EUR", 3600))


def _asker(config: ServiceConfig, at: datetime = PUBLISHED_AT) -> Ask:
    app = create_app(config, now=lambda: at)

    def ask(
        body: Any = None, *, token: str | None = "Bearer store-token", method: str = "POST", **more: Any
    ) -> httpx.Response:
        async def go() -> httpx.Response:
            headers: dict[str, Any] = {"Content-Type": "application/json"}
            headers |= {"Authorization": token.encode("latin-1")} if token else {}
            headers |= more.pop("headers", {})
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                path = more.pop("path", BALANCE_PATH)
                return await client.request(method, path, content=content, headers=headers, **more)

        return asyncio.run(go())

    return ask


def test_the_contracts_example_is_answered_with_its_own_names_and_exact_numbers(ask: Ask) -> None:
    answer = ask({"evo_customer_id": "277504", "customer_code": " ACME001 ", "seller_reference": "01"})
    assert answer.status_code == 200
    body = json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)
    assert body == {
        "customer_code": "ACME001",
        "balance": Decimal("925.51"),
        "total_due": Decimal("403.92"),
        "last_charge_date": "2026-03-30T00:00:00.000",
        "last_sale_date": "2026-03-31T00:00:00.000",
        "last_payment_date": "2026-03-12T00:00:00.000",
        "last_payment_amount": Decimal(250),
        "due_30_days": Decimal(120),
        "due_60_days": Decimal("283.92"),
        "due_90_days": Decimal(0),
        "due_120_days": Decimal(0),
        "due_over_120_days": Decimal(0),
        "open_credits": Decimal(0),
    }
    assert answer.headers["x-tieout-as-of"] == "2026-04-10"
    assert answer.headers["x-tieout-snapshot"] == "1"


def test_members_without_a_value_are_left_out(ask: Ask) -> None:
    assert set(ask({"customer_code": "NULLS"}).json()) == {"customer_code", "balance", "total_due"}


@pytest.mark.parametrize("code", ["nobody", "acme001", "ACME001' or 1=1 --", "ACME001\x00"])
def test_an_unknown_code_is_not_a_balance_of_zero(ask: Ask, code: str) -> None:
    answer = ask({"customer_code": code})
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "customer_not_found", "message": "unknown customer_code"}}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"ACME001"', {}, {"customer_code": ""}, {"customer_code": "  "}, {"customer_code": None},
     {"customer_code": True}, {"customer_code": ["ACME001"]}, b"[" * 50_000, b"x" * 70_000],
)  # fmt: skip
def test_a_body_without_a_code_is_refused(ask: Ask, body: Any) -> None:
    assert ask(body).status_code == 400


@pytest.mark.parametrize(
    "token",
    [None, "", "Bearer", "Bearer wrong", "Bearer store-toke", "Basic !!!", "store-token",
     "Basic " + base64.b64encode(b"store:wrong").decode(), "Basic \xff", "Basic /w=="],
)  # fmt: skip
def test_a_wrong_credential_learns_nothing(ask: Ask, token: str | None) -> None:
    known, unknown = (
        ask({"customer_code": "ACME001"}, token=token),
        ask({"customer_code": "nobody"}, token=token),
    )
    assert known.status_code == unknown.status_code == 401
    assert known.content == unknown.content


def test_basic_credentials_are_accepted_and_may_hold_a_colon(ask: Ask) -> None:
    token = "Basic " + base64.b64encode(b"store:pa:ss").decode()
    assert ask({"customer_code": "ACME001"}, token=token).status_code == 200


def test_method_and_media_type_are_checked(ask: Ask) -> None:
    assert ask({}, method="GET").status_code == 405
    assert ask({"customer_code": "ACME001"}, headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("POST", "/evolutionx/nothing", 404, "not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("OPTIONS", BALANCE_PATH, 405, "method_not_allowed"),
    ],
)
def test_what_nobody_answers_is_refused_in_the_form_of_every_other_error(
    ask: Ask, method: str, path: str, status: int, code: str
) -> None:
    answer = ask({}, method=method, path=path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_slash_at_the_end_of_the_address_is_no_redirect(ask: Ask) -> None:
    assert ask({"customer_code": "ACME001"}, path=f"{BALANCE_PATH}/").status_code == 200


def test_balances_nobody_has_verified_lately_are_not_served(paths: Paths) -> None:
    config = ServiceConfig(paths, ("store-token",), (), "EUR", 3600)
    assert _asker(config, PUBLISHED_AT + timedelta(seconds=3600))({"customer_code": "ACME001"}).status_code == 200
    stale = _asker(config, PUBLISHED_AT + timedelta(seconds=3601))({"customer_code": "ACME001"})
    assert stale.status_code == 503
    assert stale.json()["error"]["code"] == "stale"


def test_without_a_snapshot_the_service_says_unavailable_and_takes_up_the_first(tmp_path: Path, paths: Paths) -> None:
    empty = Paths(tmp_path / "other")
    ask = _asker(ServiceConfig(empty, ("store-token",), (), "EUR", 3600))
    assert ask({"customer_code": "ACME001"}).status_code == 503
    empty.data_dir.mkdir()
    empty.work.write_bytes(paths.work.read_bytes())
    publish.publish(empty, as_of="2026-04-10", verified_at=PUBLISHED_AT)
    assert ask({"customer_code": "ACME001"}).status_code == 200


def test_a_new_snapshot_is_taken_up_without_a_restart(ask: Ask, paths: Paths) -> None:
    assert ask({"customer_code": "ACME001"}).json()["balance"] == 925.51
    with duckdb.connect(str(paths.work)) as connection:
        connection.execute("update marts.fct_customer_balances set balance = 0.01 where customer_code = 'ACME001'")
    publish.publish(paths, as_of="2026-04-11", verified_at=PUBLISHED_AT)
    answer = ask({"customer_code": "ACME001"})
    assert (answer.json()["balance"], answer.headers["x-tieout-snapshot"]) == (0.01, "2")


def test_health_needs_no_credential(ask: Ask) -> None:
    answer = ask(None, method="GET", path="/health", token=None)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "snapshot": 1})


def test_a_live_service_without_credentials_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="SERVICE__BEARER_TOKENS"):
        ServiceConfig.of(load("live"))
    with pytest.raises(SettingsError, match="BASIC_CREDENTIALS"):
        ServiceConfig.of(load("live", {"SERVICE__BASIC_CREDENTIALS": "no-colon"}))


def test_an_address_that_cannot_be_listened_on_is_a_setting_and_not_a_hold() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use; --host"):
            listening("127.0.0.1", port)
    with pytest.raises(SettingsError, match=r"cannot listen on nowhere\.invalid:1"):
        listening("nowhere.invalid", 1)


def test_a_store_whose_currency_nobody_knows_is_not_told_that_its_customers_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="SERVICE__CURRENCY"):
        ServiceConfig.of(load("live", {"SERVICE__BEARER_TOKENS": "t", "SERVICE__CURRENCY": "eur"}))
