"""The whole sandbox around a tiny company: it starts, keeps its state, and makes a half-made company again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from sandbox.app import running
from sandbox.clock import SandboxClock
from sandbox.engines import Engines
from sandbox.options import SandboxOptions
from sandbox.state import DataDirectory

MakeWorld = Callable[..., None]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Puts one counterparty and a chart of accounts in the company's place; tells when it was made."""
    made: list[datetime] = []

    def build_world(engines: Engines, *, seed: int, scale: float, as_of: date, clock: SandboxClock) -> None:
        clock.set(date(2025, 2, 1))
        engines.atlas_accounting.load_chart()
        engines.atlas_etrm.load("counterparties", [{"id": 1, "legalName": f"Company {seed}"}])
        made.append(clock.now())

    module = ModuleType("sandbox.world.build")
    module.build_world = build_world  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sandbox.world.build", module)
    return made


def etrm(told: dict[str, Any]) -> httpx.Client:
    """A client of ATLAS ETRM with a token."""
    settings, url = told["environment"], told["urls"]["atlas_etrm"]
    credentials = {
        "username": settings["SOURCES__ATLAS_ETRM__USERNAME"],
        "password": settings["SOURCES__ATLAS_ETRM__PASSWORD"],
    }
    token = httpx.post(url + "/api/token", json=credentials).json()["data"]["token"]
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})


def names(client: httpx.Client) -> list[str]:
    return [row["legalName"] for row in client.post("/api/Counterparty/GetByIds", json={"data": []}).json()["data"]]


def test_it_keeps_what_clients_wrote_until_it_is_reset(tmp_path: Path, world: list[datetime]) -> None:
    options = SandboxOptions(data_dir=tmp_path / "vendors", port_base=0, seed=7)
    with running(options) as told, etrm(told) as client:
        client.post("/api/Counterparty/Post", json={"data": [{"legalName": "Written"}]})
        assert (told["as_of"], told["seed"]) == ("2026-04-10", 7)
        assert (tmp_path / "vendors" / "sandbox.json").exists()
        client.post("/_sim/clock", json={"advance_seconds": 3 * 86_400})
    assert not (tmp_path / "vendors" / "sandbox.json").exists()
    other_seed = SandboxOptions(data_dir=tmp_path / "vendors", port_base=0, seed=8)
    with running(other_seed) as told, etrm(told) as client:
        assert names(client) == ["Company 7", "Written"]
        assert (told["as_of"], told["seed"]) == ("2026-04-13", 7)
    with running(SandboxOptions(data_dir=tmp_path / "vendors", port_base=0, seed=8, reset=True)) as told:
        with etrm(told) as client:
            assert names(client) == ["Company 8"]
        assert told["as_of"] == "2026-04-10"
    assert world == [datetime(2025, 2, 1, 8, tzinfo=UTC)] * 2, "made twice, at the same instants"


def test_all_three_vendors_take_the_credentials_it_publishes(tmp_path: Path, world: list[datetime]) -> None:
    with running(SandboxOptions(data_dir=tmp_path, port_base=0)) as told:
        settings, urls = told["environment"], told["urls"]
        with etrm(told) as client:
            assert names(client) == ["Company 210"]
        login = {
            "email": settings["SOURCES__ATLAS_ACCOUNTING__EMAIL"],
            "password": settings["SOURCES__ATLAS_ACCOUNTING__PASSWORD"],
        }
        answer = httpx.post(urls["atlas_accounting"] + "/auth/login", json=login)
        token = answer.json()["tokens"]["access_token"]
        company = {"company_id": settings["SOURCES__ATLAS_ACCOUNTING__COMPANY_ID"]}
        accounts = httpx.get(
            urls["atlas_accounting"] + "/chart-of-accounts",
            params=company,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert (accounts.status_code, accounts.headers["x-ratelimit-limit"]) == (200, "1000")
        basic = (settings["SOURCES__ATLAR__ACCESS_KEY"], settings["SOURCES__ATLAR__SECRET"])
        assert httpx.get(urls["atlar"] + "/financial-data/v2/accounts", auth=basic).status_code == 200
        assert httpx.get(urls["atlar"] + "/_sim/state").status_code == 200


def test_a_company_that_was_not_finished_is_made_again(
    tmp_path: Path, world: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["sandbox.world.build"]
    complete: MakeWorld = module.build_world

    def interrupted(engines: Engines, **arguments: Any) -> None:
        complete(engines, **arguments)
        raise KeyboardInterrupt

    options = SandboxOptions(data_dir=tmp_path, port_base=0)
    with monkeypatch.context() as patched:
        patched.setattr(module, "build_world", interrupted)
        with pytest.raises(KeyboardInterrupt), running(options):
            pass
    assert not DataDirectory(tmp_path).has_world()
    with running(options) as told, etrm(told) as client:
        assert names(client) == ["Company 210"]
