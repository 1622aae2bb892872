"""Versions, JSON Patch, external ids and idempotency keys of the simulated Atlar."""

import asyncio
from typing import Any

import httpx
import pytest
from atlar_company import EUR, KEY, SECRET, Company, company, invoice, payable

DOCUMENTS = "/accounting/v2beta/documents"
ACCOUNT = f"/financial-data/v2/accounts/{EUR}"
PAYABLES = "/accounts-payables"
PATCH = {"content-type": "application/json-patch+json"}
ALIAS = [{"op": "add", "path": "/alias", "value": "Main"}]


@pytest.fixture
def firm() -> Company:
    return company()


def test_if_match_without_quotes_guards_a_patch(firm: Company) -> None:
    first = firm.ok("PATCH", ACCOUNT, json=ALIAS, headers={**PATCH, "if-match": "version:1"})
    assert (first["version"], first["etag"], first["alias"]) == (2, "version:2", "Main")
    firm.refused("PATCH", ACCOUNT, 412, json=ALIAS, headers={"if-match": "version:1"})
    firm.refused("PATCH", ACCOUNT, 412, json=ALIAS, headers={"if-match": '"version:2"'})
    assert firm.ok("PATCH", ACCOUNT, json=ALIAS)["version"] == 3
    assert firm.ok("GET", ACCOUNT)["etag"] == "version:3"


def test_updated_moves_with_the_clock_and_created_stays(firm: Company) -> None:
    before = firm.ok("GET", ACCOUNT)
    firm.clock.advance(60)
    after = firm.ok("PATCH", ACCOUNT, json=ALIAS)
    assert (before["created"], before["updated"]) == ("2026-04-10T08:00:00Z", "2026-04-10T08:00:00Z")
    assert (after["created"], after["updated"]) == ("2026-04-10T08:00:00Z", "2026-04-10T08:01:00Z")


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "/name", "value": "x"}],
        [{"op": "replace", "path": "/id", "value": "x"}],
        [{"op": "test", "path": "/alias", "value": "x"}],
        [{"op": "move", "from": "/name", "path": "/alias"}],
        [{"op": "copy", "from": "/name", "path": "/alias"}],
        [{"op": "add", "path": "/metadata/-", "value": "x"}],
        [{"op": "add", "path": "/metadata/a/b", "value": "x"}],
        [{"op": "add", "path": "/alias"}],
        [{"op": "replace", "path": "/alias", "value": "none yet"}],
        [{"op": "add", "path": "/alias", "value": 7}],
        [{"op": ["add"], "path": "/alias", "value": "x"}],
        [{"op": "add", "path": ["/alias"], "value": "x"}],
        ["add"],
        [{"op": "add", "path": "/metadata/key", "value": "no metadata yet"}],
        [],
        {"alias": "x"},
        None,
    ],
)
def test_only_the_listed_operations_are_taken(firm: Company, operations: Any) -> None:
    firm.refused("PATCH", ACCOUNT, 400, json=operations)
    assert firm.ok("GET", ACCOUNT)["version"] == 1


def test_metadata_keys_are_patched_with_escapes(firm: Company) -> None:
    operations = [
        {"op": "add", "path": "/metadata", "value": {}},
        {"op": "add", "path": "/metadata/a~1b", "value": "1"},
    ]
    assert firm.ok("PATCH", ACCOUNT, json=operations)["metadata"] == {"a/b": "1"}
    removed = firm.ok("PATCH", ACCOUNT, json=[{"op": "remove", "path": "/metadata/a~1b"}])
    assert removed["metadata"] == {}


def test_external_ids_are_unique_and_found(firm: Company) -> None:
    made = firm.ok("POST", PAYABLES, 201, json=payable())
    assert firm.ok("GET", f"{PAYABLES}/external:AP-2026-0042")["id"] == made["id"]
    assert firm.refused("POST", PAYABLES, 409, json=payable()) == ["externalId"]
    firm.refused("GET", f"{PAYABLES}/external:AP-9", 404)
    assert firm.refused("POST", PAYABLES, 400, json=payable(externalId="a/b")) == ["externalId"]


def test_an_external_id_follows_a_patch(firm: Company) -> None:
    firm.ok("PATCH", ACCOUNT, json=[{"op": "add", "path": "/externalId", "value": "main"}])
    assert firm.ok("GET", "/financial-data/v2/accounts/external:main")["id"] == EUR
    firm.ok("PATCH", ACCOUNT, json=[{"op": "replace", "path": "/externalId", "value": "other"}])
    firm.refused("GET", "/financial-data/v2/accounts/external:main", 404)
    assert firm.ok("GET", "/financial-data/v2/accounts/external:other")["id"] == EUR


def test_a_repeated_key_replays_the_first_answer_whatever_the_body(firm: Company) -> None:
    key = {"idempotency-key": "doc-1"}
    first = firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers=key)
    again = firm.ok("POST", DOCUMENTS, 201, json=invoice(description="another"), headers=key)
    assert again == first
    assert len(firm.every(DOCUMENTS)) == 1
    firm.ok("POST", DOCUMENTS, 201, json=invoice())
    assert len(firm.every(DOCUMENTS)) == 2


def test_a_key_lives_24_hours_of_the_sandbox_clock(firm: Company) -> None:
    key = {"idempotency-key": "doc-1"}
    first = firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers=key)
    firm.clock.advance(24 * 3600 - 1)
    assert firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers=key)["id"] == first["id"]
    firm.clock.advance(1)
    assert firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers=key)["id"] != first["id"]


def test_a_key_belongs_to_one_method_and_path(firm: Company) -> None:
    key = {"idempotency-key": "k"}
    document = firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers=key)
    other = firm.ok("POST", PAYABLES, 201, json=payable(), headers=key)
    assert other["id"] != document["id"]
    url = f"{DOCUMENTS}/{document['id']}"
    void = [{"op": "replace", "path": "/voided", "value": True}]
    assert firm.ok("PATCH", url, json=void, headers=key)["version"] == 2
    assert firm.ok("PATCH", url, json=void, headers=key)["version"] == 2
    assert firm.ok("GET", url, headers=key)["version"] == 2


def test_a_refusal_is_remembered_and_has_no_effect(firm: Company) -> None:
    key = {"idempotency-key": "k"}
    firm.refused("POST", PAYABLES, 400, json=payable(amount=None), headers=key)
    assert firm.refused("POST", PAYABLES, 400, json=payable(), headers=key) == ["amount"]
    assert firm.every(PAYABLES) == []


def test_a_server_fault_is_not_remembered(firm: Company) -> None:
    key = {"idempotency-key": "k"}
    url = "/v1/idempotency-test"
    firm.refused("POST", url, 503, params={"status": 503}, headers=key)
    first = firm.ok("POST", url, 200, headers=key)
    assert firm.ok("POST", url, 200, params={"status": 503}, headers=key) == first
    assert firm.ok("POST", url, 202, params={"status": 202})["id"] != first["id"]
    firm.refused("POST", url, 400, params={"sleep": "forever"})


def test_a_key_in_flight_is_425_and_the_effect_happens_once(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"write_seconds": 0.05})

    async def both_at_once() -> list[int]:
        transport = httpx.ASGITransport(firm.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://atlar.test", auth=(KEY, SECRET)) as client:
            calls = [
                client.post(DOCUMENTS, json=invoice(), headers={"idempotency-key": "k"}),
                client.post(DOCUMENTS, json=invoice(), headers={"idempotency-key": "k"}),
            ]
            return sorted(response.status_code for response in await asyncio.gather(*calls))

    assert asyncio.run(both_at_once()) == [201, 425]
    assert len(firm.every(DOCUMENTS)) == 1
    assert firm.ok("POST", DOCUMENTS, 201, json=invoice(), headers={"idempotency-key": "k"})["version"] == 1


def test_effect_and_memory_outlast_the_process(tmp_path: Any) -> None:
    from datetime import date

    from sandbox.atlar.engine import AtlarEngine
    from sandbox.clock import SandboxClock
    from sandbox.store import Store

    clock = SandboxClock(date(2026, 4, 10), monotonic=lambda: 0.0)
    for _ in range(2):
        store = Store(tmp_path / "atlar.sqlite")
        engine = AtlarEngine(store, clock)
        scope = engine.idempotency.scope("POST", "/x", "key")
        if engine.idempotency.recall(scope) is None:
            engine.idempotency.remember(scope, 201, "{}")
            engine.load("entities", [{"legalName": "One"}])
        store.close()
    store = Store(tmp_path / "atlar.sqlite")
    assert len(AtlarEngine(store, clock).records.all("entities")) == 1
    store.close()


def test_what_a_rolled_back_write_touched_is_read_anew(firm: Company) -> None:
    records = firm.engine.records
    with pytest.raises(RuntimeError), records.transaction():
        records.create("counterparties", {"legalName": "Ghost", "externalId": "ghost"})
        records.put("accounts", {**records.get("accounts", EUR), "alias": "Ghost"})
        assert len(records.all("counterparties")) == 1
        raise RuntimeError
    assert records.all("counterparties") == []
    assert records.find("counterparties", "external:ghost") is None
    assert "alias" not in firm.ok("GET", ACCOUNT)
    firm.ok("POST", "/payments/v2/counterparties", 201, json={"legalName": "Real", "externalId": "ghost"})


def test_a_body_that_is_not_json_is_a_bad_request(firm: Company) -> None:
    firm.refused("POST", DOCUMENTS, 400, content=b"{")
    firm.refused("POST", DOCUMENTS, 400, content=b"")
    firm.refused("POST", DOCUMENTS, 400, json=[])


def test_ids_are_the_same_in_every_world() -> None:
    ids = []
    for _ in range(2):
        firm = company()
        ids.append(firm.ok("POST", DOCUMENTS, 201, json=invoice()))
    assert ids[0] == ids[1]
