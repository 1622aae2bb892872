"""Whatever a client sends, the simulated Atlar answers it with a refusal of its own, never with a fault."""

import copy
import json
import random
from typing import Any

import pytest
from atlar_company import BANK, EUR, GL_ENTITY, IBAN, company, invoice, payable, transfer

ODD = [None, True, 0, -1, 1.5, "", "x", "é" * 300, [], {}, [[]], [{}], {"a": None}, 10**30, "2026-13-45", ["a", 1]]
CREATES: dict[str, dict[str, Any]] = {
    "/accounting/v2beta/documents": invoice(),
    "/accounting/v2beta/gl-accounts": {
        "externalId": "coa-9",
        "name": "Nine",
        "displayType": "Asset",
        "type": "BANK",
        "glEntityIds": [GL_ENTITY],
        "associatedConnections": [{"connectionId": "c"}],
        "accountId": EUR,
    },
    "/accounts-payables": payable(),
    "/payments/v2/credit-transfers": transfer(),
    "/payments/v2beta/credit-transfer-batches": {"treatment": "BATCH", "payments": [transfer()], "metadata": {}},
    "/payments/v2/counterparties": {
        "legalName": "Pulp",
        "accounts": [{"market": "FI", "identifiers": [{"type": "IBAN", "number": IBAN}]}],
    },
    "/v1/testbank/transactions": {"accountId": EUR, "amount": {"currency": "EUR", "value": 1}, "references": {}},
}
PATCHED = f"/accounting/v2beta/gl-accounts/{BANK}"
PATHS = ["/type", "/glEntityIds", "/number", "/associatedConnections", "/name", "/nothing"]


def spoiled(source: random.Random, value: Any) -> Any:
    """A copy in which one part, at any depth, is missing or odd."""
    result = copy.deepcopy(value)
    node = result
    while True:
        key = source.choice(list(node) if isinstance(node, dict) else list(range(len(node))))
        if isinstance(node[key], dict | list) and node[key] and source.random() < 0.6:
            node = node[key]
            continue
        if isinstance(node, dict) and source.random() < 0.2:
            del node[key]
        else:
            node[key] = copy.deepcopy(source.choice(ODD))
        return result


@pytest.mark.parametrize("seed", range(3))
def test_odd_bodies_are_refused_not_fatal(seed: int) -> None:
    source = random.Random(seed)
    firm = company()
    for _ in range(120):
        path, body = source.choice(list(CREATES.items()))
        status = firm.http.post(path, content=json.dumps(spoiled(source, body))).status_code
        assert status in (201, 400, 409)
        operation = {"op": "add", "path": source.choice(PATHS), "value": source.choice(ODD)}
        patch = json.dumps(source.choice([[operation], spoiled(source, [operation])]))
        assert firm.http.patch(PATCHED, content=patch).status_code in (200, 400)
        firm.clock.advance(60)
        assert firm.http.get("/payments/v2beta/credit-transfer-batches").status_code == 200
