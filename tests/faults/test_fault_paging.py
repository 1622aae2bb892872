"""Promise 7: a list that changes while it is read loses no record, and no record that exists is called gone.

Faults: records inserted, deleted and changed between two pages, at random; pages that are short or empty in mid-list.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from counts import seeds
from landed import AS_OF, Held, held, land, landing_in
from vendors import Sent, Vendors

from pipelines.atlar import client as atlar_client
from pipelines.atlar import tables as atlar_tables
from pipelines.atlas_accounting import paging
from pipelines.atlas_accounting import tables as atlas_accounting_tables
from pipelines.landing import Landing
from pipelines.raw_table import RawTable

Move = Callable[[random.Random], None]
_MOVES_AT_MOST = 12


class Books:
    """Atlas Accounting's invoices, changed behind its back: a new one is a copy under another id."""

    system = "atlas_accounting"
    table = atlas_accounting_tables.INVOICES
    path = "/invoices"

    def __init__(self, vendors: Vendors) -> None:
        self._store = vendors.stores[self.system]
        self._clock = vendors.engines.atlas_accounting.registry.now
        self._numbers = itertools.count(1)
        self.clients = vendors.clients

    def ids(self) -> set[str]:
        return {record["id"] for record in self._store.all("invoices")}

    def insert(self, chance: random.Random) -> None:
        now, number = self._clock().isoformat(), next(self._numbers)
        record = dict(chance.choice(self._store.all("invoices")))
        name = f"00000000-0000-4000-8000-{number:012d}"
        new = {**record, "id": name, "notes": f"inserted {number}", "created_at": now, "updated_at": now}
        self._store.insert("invoices", name, new)

    def delete(self, chance: random.Random) -> None:
        self._store.delete("invoices", chance.choice(self._store.all("invoices"))["id"])

    def change(self, chance: random.Random) -> None:
        record = dict(chance.choice(self._store.all("invoices")))
        changed = {**record, "notes": f"changed {next(self._numbers)}", "updated_at": self._clock().isoformat()}
        self._store.put("invoices", record["id"], changed)


class Bank:
    """Atlar's booked transactions: the bank books, cleans up, and somebody reconciles.

    All of it within the window that is read again (`overlap_days`); what lies before it, a full refresh finds.
    """

    system = "atlar"
    table = atlar_tables.TRANSACTIONS
    path = "/transactions"

    def __init__(self, vendors: Vendors) -> None:
        self._store = vendors.stores[self.system]
        self._transactions = vendors.engines.atlar.transactions
        self._numbers = itertools.count(1)
        self.clients = vendors.clients

    def ids(self) -> set[str]:
        return {record["id"] for record in self._store.all("transactions")}

    def _recent(self, chance: random.Random) -> dict[str, Any]:
        since = (AS_OF - timedelta(days=30)).isoformat()
        return chance.choice([record for record in self._store.all("transactions") if record["date"] >= since])

    def insert(self, chance: random.Random) -> None:
        record = self._recent(chance)
        kept = ("accountId", "amount", "date", "valueDate", "reference", "references", "counterparty")
        fields = {name: record[name] for name in (*kept, "bankTransactionCode") if name in record}
        self._transactions.book({**fields, "description": f"inserted {next(self._numbers)}"})

    def delete(self, chance: random.Random) -> None:
        self._transactions.delete(self._recent(chance)["id"])

    def change(self, chance: random.Random) -> None:
        record = dict(self._recent(chance))
        metadata = {"note": f"changed {next(self._numbers)}"}
        self._store.put("transactions", record["id"], {**record, "metadata": metadata})


def moving(source: Books | Bank, chance: random.Random) -> Callable[[Sent], None]:
    """Before most pages, changes the list; it comes to rest in the end, as lists do."""
    moves = itertools.count()

    def before(sent: Sent) -> None:
        if sent.path.endswith(source.path) and next(moves) < _MOVES_AT_MOST and chance.random() < 0.7:
            chance.choice([source.insert, source.delete, source.change])(chance)

    return before


def read(source: Books | Bank, landing: Landing, dialect: str, **options: bool) -> Held:
    table: RawTable = source.table
    land(source.clients(dialect=dialect), landing, frozenset([f"{table.system}.{table.name}"]), **options)
    return held(landing, table)


@pytest.mark.parametrize("kind", [Books, Bank])
@pytest.mark.parametrize("seed", seeds(100, 1_000))
def test_a_moving_list_loses_nothing(
    vendors: Vendors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, kind: type[Books | Bank]
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(paging, "PAGE_SIZE", chance.randint(5, 40))
    monkeypatch.setattr(atlar_client, "PAGE_SIZE", chance.randint(5, 60))
    dialect = chance.choice(["documented", "observed"])
    source, landing, wire = kind(vendors), landing_in(tmp_path), vendors.wires[kind.system]
    if chance.random() < 0.7:
        read(source, landing, dialect)

    for _ in range(2):
        existed = source.ids()
        wire.before = moving(source, chance)
        found = read(source, landing, dialect)
        missing = (existed & source.ids()) - {str(key[0]) for key in found.records}
        assert not missing, f"seed {seed}: {len(missing)} of the records that were there all the time are not landed"

    wire.before = lambda sent: None
    quiet = read(source, landing, dialect)
    truth = read(source, landing_in(tmp_path / "truth"), dialect)
    stale = {key for key, print_ in truth.records.items() if quiet.records.get(key) != print_}
    assert not stale, f"seed {seed}: {len(stale)} records are missing or not as they are now"
    settled = read(source, landing, dialect, full_refresh=True)
    assert settled.records == truth.records, f"seed {seed}"
    assert {str(key[0]) for key in settled.records} == source.ids(), f"seed {seed}"


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_short_and_empty_pages_are_not_the_end(
    vendors: Vendors, landing: Landing, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(atlar_client, "PAGE_SIZE", limit)
    pages: list[tuple[int, bool]] = []

    def after(sent: Sent, answer: httpx.Response) -> None:
        if sent.path.endswith(Bank.path):
            page = msgspec.json.decode(answer.content)
            pages.append((len(page["items"]), bool(page["nextToken"])))

    vendors.wires["atlar"].after = after
    source = Bank(vendors)
    found = read(source, landing, "documented")
    assert {str(key[0]) for key in found.records} == source.ids()
    assert found.versions == len(source.ids())
    if limit < 500:
        assert (0, True) in pages  # an empty page with more to come was among them


def test_a_token_that_comes_again_ends_in_an_error_rather_than_never(vendors: Vendors, landing: Landing) -> None:
    def after(sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        if not sent.path.endswith(Bank.path):
            return None
        return httpx.Response(200, json={"items": [], "nextToken": "again", "token": "", "limit": 500})

    vendors.wires["atlar"].after = after
    with pytest.raises(Exception, match="never comes to an end"):
        read(Bank(vendors), landing, "documented")
