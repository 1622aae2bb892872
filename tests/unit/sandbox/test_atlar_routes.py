"""The simulated Atlar's paths: seed spellings behind their switch, and faults by control."""

import pytest
from atlar_company import CONNECTION, EUR, GL_ENTITY, booked, company, invoice, transfer

from sandbox.http import DroppedConnection

SEED_PATHS = [
    "/connections",
    f"/connections/{CONNECTION}/reports",
    "/accounts",
    f"/accounts/{EUR}/balances",
    f"/accounts/{EUR}/transactions",
    "/credit-transfer-batches",
    "/v2beta/documents",
    "/v2beta/gl-entities",
    "/v2beta/gl-accounts",
]


@pytest.mark.parametrize("path", SEED_PATHS)
def test_the_seed_spellings_answer_only_when_switched_on(path: str) -> None:
    firm = company()
    firm.refused("GET", path, 404)
    firm.ok("POST", "/_sim/limits", json={"seed_routes": True})
    assert sorted(firm.ok("GET", path)) == ["items", "limit", "nextToken", "token"]


def test_the_seed_spellings_do_what_the_versioned_paths_do() -> None:
    firm = company(seed_routes=True)
    firm.engine.load("transactions", [booked("t-1", EUR, "2026-03-31", "1.00")])
    made = firm.ok("POST", "/v2beta/documents", 201, json=invoice())
    assert firm.every("/accounting/v2beta/documents", glEntityId=GL_ENTITY) == [made]
    assert [record["id"] for record in firm.every(f"/accounts/{EUR}/transactions")] == ["t-1"]
    firm.ok("POST", "/_sim/atlar/end-of-day", 204, json={"date": "2026-03-31"})
    report = firm.every(f"/connections/{CONNECTION}/reports")[0]["id"]
    content = firm.http.get(f"/connections/{CONNECTION}/reports/{report}/bank-statement").content
    assert b"camt.053.001.08" in content
    batch = firm.ok("POST", "/credit-transfer-batches", 201, json={"treatment": "BATCH", "payments": [transfer()]})
    firm.clock.advance(30)
    assert len(firm.every(f"/credit-transfer-batches/{batch['id']}/results")) == 1


def test_a_dropped_answer_had_its_effect_and_its_key_knows() -> None:
    firm = company()
    fault = {"match": {"method": "POST", "path_regex": "/documents$"}, "times": 1, "kind": "drop_after"}
    firm.ok("POST", "/_sim/faults", json=fault)
    key = {"idempotency-key": "k"}
    with pytest.raises(DroppedConnection):
        firm.http.post("/accounting/v2beta/documents", json=invoice(), headers=key)
    replayed = firm.ok("POST", "/accounting/v2beta/documents", 201, json=invoice(), headers=key)
    assert firm.every("/accounting/v2beta/documents") == [replayed]


def test_requests_and_records_can_be_read_on_the_control_side() -> None:
    firm = company()
    firm.ok("POST", "/accounting/v2beta/documents", 201, json=invoice(), headers={"idempotency-key": "k"})
    noted = firm.ok("GET", "/_sim/requests")["requests"]
    assert [(entry["method"], entry["status"], entry["idempotency_key"]) for entry in noted] == [("POST", 201, "k")]
    assert len(firm.ok("GET", "/_sim/state/documents")) == 1
