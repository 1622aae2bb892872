"""Accounting documents, GL entities and GL accounts of the simulated Atlar (contract section 9)."""

from typing import Any

import pytest
from atlar_company import (
    BANK,
    GL_ENTITY,
    RECEIVABLES,
    REVENUE,
    Company,
    both,
    company,
    entry,
    invoice,
)

DOCUMENTS = "/accounting/v2beta/documents"
GL_ENTITIES = "/accounting/v2beta/gl-entities"
GL_ACCOUNTS = "/accounting/v2beta/gl-accounts"
RATE = {"exchangeRate": "10.4", "sourceCurrency": "SEK", "targetCurrency": "EUR", "unitCurrency": "EUR"}
KRONOR = {
    "instructedAmount": {"currency": "SEK", "stringValue": "10400.00"},
    "baseAmount": {"currency": "EUR", "stringValue": "1000.00"},
}


@pytest.fixture
def firm() -> Company:
    return company()


def patch(firm: Company, document: dict[str, Any], *operations: dict[str, Any]) -> Any:
    return firm.ok(
        "PATCH",
        f"{DOCUMENTS}/{document['id']}",
        json=list(operations),
        headers={"if-match": document["etag"]},
    )


def refused_patch(firm: Company, document: dict[str, Any], *operations: dict[str, Any]) -> list[str]:
    return firm.refused("PATCH", f"{DOCUMENTS}/{document['id']}", 400, json=list(operations))


def test_an_invoice_is_a_source_and_gets_what_the_system_computes(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice(classification="INSTRUCTION"))
    assert made["classification"] == "SOURCE"
    assert made["amount"]["instructedAmount"] == {"currency": "EUR", "value": 100000, "stringValue": "1000.00"}
    assert (made["version"], made["etag"], made["created"]) == (1, "version:1", "2026-04-10T08:00:00Z")
    assert len({entry["id"] for entry in made["glEntries"]}) == 2
    assert firm.ok("GET", f"{DOCUMENTS}/{made['id']}") == made


def test_a_bank_entry_makes_an_instruction_which_may_lack_a_remaining_amount(firm: Company) -> None:
    payment = invoice(
        type="PAYMENT",
        glEntries=[entry(BANK, "DEBIT", "400.00"), entry(RECEIVABLES, "CREDIT", "400.00")],
        appliedDocuments=[{"documentId": "unknown-and-unchecked", "amount": both("9999.00")}],
    )
    del payment["remainingAmount"], payment["counterparty"]
    made = firm.ok("POST", DOCUMENTS, 201, json=payment)
    assert made["classification"] == "INSTRUCTION"
    assert made["appliedDocuments"][0]["amount"]["baseAmount"]["value"] == 999900


def test_the_classification_is_recomputed_when_a_patch_changes_entries(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    moved = [made["glEntries"][0], entry(BANK, "CREDIT", "1000.00")]
    changed = patch(firm, made, {"op": "replace", "path": "/glEntries", "value": moved})
    assert changed["classification"] == "INSTRUCTION"
    assert changed["glEntries"][0]["id"] == made["glEntries"][0]["id"]
    assert changed["glEntries"][1]["id"] not in {old["id"] for old in made["glEntries"]}
    back = patch(firm, changed, {"op": "replace", "path": "/glEntries", "value": made["glEntries"]})
    assert back["classification"] == "SOURCE"


def test_applying_a_payment_moves_no_remaining_amount_the_caller_does(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    link = {"documentId": made["id"], "amount": both("400.00")}
    payment = invoice(type="PAYMENT", glEntries=[entry(BANK, "DEBIT", "400.00")], appliedDocuments=[link])
    firm.ok("POST", DOCUMENTS, 201, json=payment)
    untouched = firm.ok("GET", f"{DOCUMENTS}/{made['id']}")
    assert untouched["remainingAmount"]["baseAmount"]["stringValue"] == "1000.00"
    changed = patch(firm, untouched, {"op": "replace", "path": "/remainingAmount", "value": both("600.00")})
    assert changed["remainingAmount"]["baseAmount"]["value"] == 60000
    assert changed["amount"] == made["amount"]


def test_equal_documents_are_not_recognised(firm: Company) -> None:
    ids = {firm.ok("POST", DOCUMENTS, 201, json=invoice())["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"glEntityId": "unknown"}, "glEntityId"),
        ({"glEntityId": "external:company-1"}, "glEntityId"),
        ({"glEntries": [entry("unknown", "DEBIT", "1.00")]}, "glEntries.0.glAccountId"),
        ({"glEntries": []}, "glEntries"),
        ({"glEntries": [{**entry(REVENUE, "DEBIT", "1.00"), "vendorId": None}]}, "glEntries.0.vendorId"),
        ({"glEntries": [entry(REVENUE, "BOTH", "1.00")]}, "glEntries.0.type"),
        ({"remainingAmount": None}, "remainingAmount"),
        ({"amount": both("-1.00")}, "amount.instructedAmount"),
        ({"amount": {"instructedAmount": {"currency": "EUR", "value": 1}}}, "amount.baseAmount"),
        ({"amount": both("1000")}, "amount.instructedAmount.stringValue"),
        ({"amount": both("1.00", "SEK")}, "amount.baseAmount.currency"),
        ({"amount": KRONOR}, "amount.currencyExchange"),
        ({"amount": {**KRONOR, "currencyExchange": {**RATE, "exchangeRate": "0"}}}, "exchangeRate"),
        ({"amount": {**KRONOR, "currencyExchange": {**RATE, "unitCurrency": "USD"}}}, "unitCurrency"),
        ({"date": "30.04.2026"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"description": ""}, "description"),
        ({"description": "x" * 256}, "description"),
        ({"references": None}, "references"),
        ({"references": {"a": 1}}, "references"),
        ({"counterparty": None}, "counterparty"),
        ({"counterparty": {"name": "A", "type": "BANK", "erpId": "1"}}, "counterparty.type"),
        ({"voided": None}, "voided"),
        ({"reconciliationStatus": None}, "reconciliationStatus"),
        ({"reconciliationStatus": "RECONCILED"}, "reconciliationMatchId"),
        ({"reconciliationMatchId": "m-1"}, "reconciliationMatchId"),
        ({"provenance": {}}, "provenance.vendorId"),
        ({"vendorCreated": "2026-04-01"}, "vendorCreated"),
        ({"type": "RECEIPT"}, "type"),
    ],
)
def test_what_a_document_must_hold(firm: Company, changes: dict[str, Any], field: str) -> None:
    fields = firm.refused("POST", DOCUMENTS, 400, json=invoice(**changes))
    assert any(name.endswith(field) for name in fields)
    assert firm.every(DOCUMENTS) == []


def test_a_rate_is_taken_inside_the_amount_or_beside_it(firm: Company) -> None:
    inside = firm.ok("POST", DOCUMENTS, 201, json=invoice(amount={**KRONOR, "currencyExchange": RATE}))
    assert inside["amount"]["currencyExchange"] == RATE
    beside = firm.ok("POST", DOCUMENTS, 201, json=invoice(amount=KRONOR, currencyExchange=RATE))
    assert beside["currencyExchange"] == RATE


def test_reconciled_and_a_match_id_come_and_go_in_one_patch(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    status = {"op": "replace", "path": "/reconciliationStatus", "value": "RECONCILED"}
    match = {"op": "add", "path": "/reconciliationMatchId", "value": "m-1"}
    assert refused_patch(firm, made, status) == ["reconciliationMatchId"]
    assert refused_patch(firm, made, match) == ["reconciliationMatchId"]
    reconciled = patch(firm, made, status, match)
    assert firm.every(DOCUMENTS, reconciliationMatchId="m-1") == [reconciled]
    leave = {"op": "replace", "path": "/reconciliationStatus", "value": "OPEN"}
    assert refused_patch(firm, reconciled, leave) == ["reconciliationMatchId"]
    assert refused_patch(firm, reconciled, {"op": "remove", "path": "/reconciliationMatchId"})
    opened = patch(firm, reconciled, leave, {"op": "remove", "path": "/reconciliationMatchId"})
    assert "reconciliationMatchId" not in opened


@pytest.mark.parametrize("path", ["/glEntityId", "/type", "/provenance", "/vendorCreated", "/classification", "/id"])
def test_what_is_fixed_stays(firm: Company, path: str) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    refused_patch(firm, made, {"op": "replace", "path": path, "value": "x"})


def test_optional_parts_can_be_removed_and_required_ones_cannot(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    changed = patch(
        firm,
        made,
        {"op": "remove", "path": "/reference"},
        {"op": "remove", "path": "/references/poNumber"},
        {"op": "add", "path": "/references/orderId", "value": "210"},
        {"op": "add", "path": "/appliedDocuments/-", "value": {"documentId": "d", "amount": both("1.00")}},
        {"op": "replace", "path": "/voided", "value": True},
    )
    assert "reference" not in changed
    assert changed["references"] == {"orderId": "210"}
    assert len(changed["appliedDocuments"]) == 1
    assert changed["voided"] is True
    assert refused_patch(firm, changed, {"op": "remove", "path": "/counterparty"}) == ["counterparty"]
    assert refused_patch(firm, changed, {"op": "remove", "path": "/remainingAmount"}) == ["remainingAmount"]
    assert refused_patch(firm, changed, {"op": "remove", "path": "/amount"})


def test_documents_are_listed_by_entity_and_read_in_batches(firm: Company) -> None:
    made = [firm.ok("POST", DOCUMENTS, 201, json=invoice()) for _ in range(3)]
    assert len(firm.every(DOCUMENTS, glEntityId=GL_ENTITY)) == 3
    assert firm.every(DOCUMENTS, glEntityId="e" * 32) == []
    assert firm.refused("GET", DOCUMENTS, 400, params={"glEntityId": "short"}) == ["glEntityId"]
    batch = firm.ok(
        "GET", f"{DOCUMENTS}:batch", params=[("ids[]", made[2]["id"]), ("ids[]", "none"), ("ids[]", made[0]["id"])]
    )
    assert batch["items"] == [made[2], made[0]]
    firm.refused("GET", f"{DOCUMENTS}:batch", 400)


def test_a_deleted_document_is_not_found(firm: Company) -> None:
    made = firm.ok("POST", DOCUMENTS, 201, json=invoice())
    url = f"{DOCUMENTS}/{made['id']}"
    assert firm.ok("DELETE", url, 204) is None
    firm.refused("GET", url, 404)
    firm.refused("DELETE", url, 404)


def test_gl_entities_need_an_external_id_and_a_name(firm: Company) -> None:
    assert sorted(firm.refused("POST", GL_ENTITIES, 400, json={})) == ["externalId", "name"]
    assert firm.refused("POST", GL_ENTITIES, 400, json={"externalId": "x", "name": "n" * 65}) == ["name"]
    made = firm.ok("POST", GL_ENTITIES, 201, json={"externalId": "company-2", "name": "Two", "currency": "SEK"})
    assert made["associatedConnections"] == []
    firm.refused("POST", GL_ENTITIES, 409, json={"externalId": "company-2", "name": "Two"})
    renamed = firm.ok(
        "PATCH", f"{GL_ENTITIES}/external:company-2", json=[{"op": "replace", "path": "/name", "value": "2"}]
    )
    assert (renamed["name"], renamed["version"]) == ("2", 2)


def test_gl_accounts_are_listed_by_number(firm: Company) -> None:
    assert [account["number"] for account in firm.every(GL_ACCOUNTS)] == ["1000", "1100", "4100"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"glEntityIds": []}, "glEntityIds"),
        ({"glEntityIds": ["unknown"]}, "glEntityIds"),
        ({"glEntityIds": None}, "glEntityIds"),
        ({"associatedConnections": None}, "associatedConnections"),
        ({"associatedConnections": [{}]}, "associatedConnections.0.connectionId"),
        ({"displayType": None}, "displayType"),
        ({"type": "EQUITY"}, "type"),
        ({"accountId": "unknown"}, "accountId"),
    ],
)
def test_what_a_gl_account_must_hold(firm: Company, changes: dict[str, Any], field: str) -> None:
    account = {
        "externalId": "coa-1",
        "name": "One",
        "displayType": "Asset",
        "glEntityIds": [GL_ENTITY],
        "associatedConnections": [],
    }
    assert firm.refused("POST", GL_ACCOUNTS, 400, json={**account, **changes}) == [field]
    assert firm.ok("POST", GL_ACCOUNTS, 201, json=account)["type"] == "UNSPECIFIED"
    bank = {**account, "externalId": "coa-2", "type": "BANK", "glEntityIds": []}
    assert firm.ok("POST", GL_ACCOUNTS, 201, json=bank)["glEntityIds"] == []
