"""Promise 6: a token that dies in the middle of a landing costs one new login, and no record comes twice or not at all.

Faults: a 401 on each single request; a token that expires for all threads at once; a refresh token that is refused;
credentials that are no longer good.
"""

from __future__ import annotations

from collections.abc import Iterable

import httpx
import pytest
from counts import FULL, some
from landed import Held, everything, land, names
from vendors import Sent, Vendors

from pipelines.atlas_etrm import client as atlas_etrm_client
from pipelines.landing import Landing
from pipelines.transport.errors import CredentialsRefused

SYSTEMS = ("atlas_etrm", "atlas_accounting", "atlar")
REQUESTS = {"atlas_etrm": 8, "atlas_accounting": 17, "atlar": 40}
"""The least number of data calls of one landing: every one of them meets its 401."""

REFUSED = {"message": "The token is missing, invalid or expired"}


def of(clean: dict[str, Held], system: str) -> dict[str, Held]:
    return {name: held for name, held in clean.items() if name.startswith(system + ".")}


def calls(system: str) -> Iterable[int]:
    return range(REQUESTS[system]) if FULL else some(REQUESTS[system], 4)


@pytest.mark.parametrize(("system", "number"), [(system, number) for system in SYSTEMS for number in calls(system)])
def test_a_401_on_any_request_costs_one_login(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], system: str, number: int
) -> None:
    wire = vendors.wires[system]

    def before(sent: Sent) -> httpx.Response | None:
        hit = not sent.is_token_call and len(wire.data_calls) == number + 1
        return httpx.Response(401, json=REFUSED) if hit else None

    wire.before = before
    land(vendors.clients(), landing, names(system))
    assert [sent.status for sent in wire.data_calls].count(401) == 1
    assert wire.logins == 2
    assert everything(landing, system) == of(clean, system)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_token_that_dies_for_all_threads_at_once_is_renewed_once(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], system: str
) -> None:
    wire = vendors.wires[system]
    dead: set[str | None] = set()

    def before(sent: Sent) -> httpx.Response | None:
        if sent.is_token_call:
            return None
        if len(wire.data_calls) == REQUESTS[system] // 2:
            dead.add(sent.authorization)
            vendors.clock.sleep(2.0)  # a token issued within the same second would be the same one
        return httpx.Response(401, json=REFUSED) if sent.authorization in dead else None

    wire.before = before
    land(vendors.clients(), landing, names(system))
    assert 401 in [sent.status for sent in wire.sent]
    assert wire.logins == 2
    assert everything(landing, system) == of(clean, system)


def test_a_refused_refresh_token_means_logging_in_again(
    vendors: Vendors, landing: Landing, clean: dict[str, Held]
) -> None:
    wire = vendors.wires["atlas_accounting"]

    def before(sent: Sent) -> httpx.Response | None:
        refused = sent.path.endswith("/auth/refresh") or (not sent.is_token_call and len(wire.data_calls) == 5)
        return httpx.Response(401, json=REFUSED) if refused else None

    wire.before = before
    land(vendors.clients(), landing, names("atlas_accounting"))
    token_calls = [sent.path.rpartition("/")[2] for sent in wire.sent if sent.is_token_call]
    assert token_calls == ["login", "refresh", "login"]
    assert everything(landing, "atlas_accounting") == of(clean, "atlas_accounting")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_second_401_stops_the_landing(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], system: str
) -> None:
    land(vendors.clients(), landing, names(system))
    wire = vendors.wires[system]
    wire.sent.clear()
    wire.before = lambda sent: None if sent.is_token_call else httpx.Response(401, json=REFUSED)
    with pytest.raises(CredentialsRefused):
        land(vendors.clients(), landing, names(system))
    assert wire.logins == 2  # a third could lock the account
    assert everything(landing, system) == of(clean, system)  # and nothing is called gone


@pytest.mark.parametrize("system", SYSTEMS)
def test_credentials_that_are_no_longer_good_are_not_tried_again_and_again(
    vendors: Vendors, landing: Landing, system: str
) -> None:
    wire = vendors.wires[system]
    wire.before = lambda sent: httpx.Response(401, json={"message": "Invalid credentials"})
    with pytest.raises(CredentialsRefused):
        land(vendors.clients(), landing, names(system))
    assert not wire.data_calls
    assert wire.logins == 1


@pytest.mark.parametrize(("system", "seconds"), [("atlas_etrm", 15.0), ("atlar", 4.0)])
def test_a_token_is_renewed_before_it_ends(
    vendors: Vendors,
    landing: Landing,
    clean: dict[str, Held],
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    seconds: float,
) -> None:
    monkeypatch.setattr(atlas_etrm_client, "IDS_PER_CALL", 5)
    vendors.engines.atlas_etrm.settings.token_seconds = 400
    wire = vendors.wires[system]
    # Slow answers: the landing takes longer than a token lives.
    wire.before = lambda sent: vendors.clock.sleep(seconds)
    land(vendors.clients(), landing, names(system))
    assert wire.logins > 1
    assert 401 not in [sent.status for sent in wire.sent]
    assert everything(landing, system) == of(clean, system)
