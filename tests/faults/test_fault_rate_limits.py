"""Promise 5: a storm of 429s delays a landing, and nothing else; and we are not the ones who bring it about.

Faults: nine of ten requests refused, with and without headers, at each vendor; vendors that count for themselves.
Time is virtual, theirs and ours.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import httpx
import pytest
from counts import seeds
from landed import Held, everything, land, names
from vendors import Sent, Vendors, Wire

from pipelines.atlas_etrm import client as atlas_etrm_client
from pipelines.landing import Landing
from pipelines.transport import errors

REFUSED = 0.9
A_MINUTE = 60.0
ROUNDING = 1e-6


def storm(seed: int, headers: dict[str, str], share: float = REFUSED) -> Callable[[Sent], httpx.Response | None]:
    """Refuses that share of all requests, token calls included."""
    chance = random.Random(seed)

    def before(sent: Sent) -> httpx.Response | None:
        if chance.random() < share:
            return httpx.Response(429, json={"message": "Rate limit exceeded"}, headers=headers)
        return None

    return before


def most_within(wire: Wire, seconds: float) -> int:
    """The most requests that arrived within any so many seconds."""
    times = [sent.at for sent in wire.sent]
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds - ROUNDING:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}], ids=["without headers", "with Retry-After"])
@pytest.mark.parametrize("system", ["atlas_etrm", "atlas_accounting", "atlar"])
@pytest.mark.parametrize("seed", seeds(1, 20))
def test_everything_arrives_through_a_storm(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], system: str, headers: dict[str, str], seed: int
) -> None:
    wire = vendors.wires[system]
    wire.before = storm(seed, headers)
    land(vendors.clients(), landing, names(system))
    assert sum(sent.status == 429 for sent in wire.sent) > len(wire.sent) / 2
    assert everything(landing, system) == {name: held for name, held in clean.items() if name.startswith(system + ".")}


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}], ids=["without headers", "with Retry-After"])
@pytest.mark.parametrize("seed", seeds(1, 20))
def test_atlas_etrm_is_left_alone_for_a_minute_after_each_refusal(
    vendors: Vendors, landing: Landing, headers: dict[str, str], seed: int
) -> None:
    wire = vendors.wires["atlas_etrm"]
    wire.before = storm(seed, headers)
    land(vendors.clients(requests_per_minute=100), landing, names("atlas_etrm"))
    refused = [sent.at for sent in wire.sent if sent.status == 429]
    # Requests that were on their way already arrive within a second of the first one's refusal.
    too_early = [sent for at in refused for sent in wire.sent if at + 1 < sent.at < at + A_MINUTE - ROUNDING]
    assert refused
    assert not too_early


def test_atlas_etrm_is_never_asked_more_than_100_times_a_minute(
    limited: Vendors, landing: Landing, clean: dict[str, Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlas_etrm_client, "IDS_PER_CALL", 1)  # so that a small company needs more than 100
    wire = limited.wires["atlas_etrm"]
    land(limited.clients(requests_per_minute=100), landing, names("atlas_etrm"))
    assert len(wire.sent) > 100
    assert most_within(wire, A_MINUTE) <= 100
    assert not [sent for sent in wire.sent if sent.status == 429]
    assert everything(landing, "atlas_etrm") == {n: held for n, held in clean.items() if n.startswith("atlas_etrm.")}


def test_the_next_process_knows_what_the_last_one_spent(
    limited: Vendors, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlas_etrm_client, "IDS_PER_CALL", 2)
    pace_file = landing.landing_dir.parent / "pace.json"
    wire = limited.wires["atlas_etrm"]
    for _ in range(3):
        clients = limited.clients(requests_per_minute=100, pace_file=pace_file)
        land(clients, landing, names("atlas_etrm"), full_refresh=True)
        clients.close()
    assert len(wire.sent) > 150
    assert most_within(wire, A_MINUTE) <= 100
    assert not [sent for sent in wire.sent if sent.status == 429]


@pytest.mark.parametrize("system", ["atlas_accounting", "atlar"])
def test_pacing_hardly_meets_a_refusal(limited: Vendors, landing: Landing, clean: dict[str, Held], system: str) -> None:
    land(limited.clients(tier="standard", requests_per_second=5), landing, names(system))
    wire = limited.wires[system]
    # None but by the way requests bunch up between the pacer and the vendor: threads take their turn as they like.
    assert sum(sent.status == 429 for sent in wire.sent) <= len(wire.sent) // 10
    assert everything(landing, system) == {name: held for name, held in clean.items() if name.startswith(system + ".")}


@pytest.mark.parametrize("system", ["atlas_accounting", "atlar"])
def test_a_limit_lower_than_we_were_told_is_followed(
    limited: Vendors, landing: Landing, clean: dict[str, Held], system: str
) -> None:
    land(limited.clients(tier="enterprise", requests_per_second=0), landing, names(system))
    assert everything(landing, system) == {name: held for name, held in clean.items() if name.startswith(system + ".")}


def test_a_storm_that_never_ends_is_an_error_and_nothing_is_called_gone(vendors: Vendors, landing: Landing) -> None:
    land(vendors.clients(), landing, names("atlas_etrm"))
    before = everything(landing, "atlas_etrm")
    vendors.wires["atlas_etrm"].before = storm(0, {}, share=1.0)
    with pytest.raises(errors.RateLimited):
        land(vendors.clients(), landing, names("atlas_etrm"))
    assert everything(landing, "atlas_etrm") == before
