"""Credit transfers, batches, counterparties and external accounts of the simulated Atlar (contract section 8)."""

import json
from typing import Any

import pytest
from atlar_company import ENTITY, EUR, IBAN, JPY, Company, company, transfer

from sandbox.atlar.batch_files import CSV_TYPE, JSON_TYPE

TRANSFERS = "/payments/v2/credit-transfers"
BATCHES = "/payments/v2beta/credit-transfer-batches"
PARTIES = "/payments/v2/counterparties"
EXTERNAL = "/payments/v2/external-accounts"
TRANSACTIONS = "/financial-data/v2/transactions"


@pytest.fixture
def firm() -> Company:
    return company()


def approve(firm: Company, made: dict[str, Any]) -> None:
    firm.ok("POST", f"/_sim/atlar/credit-transfers/{made['id']}", json={"status": "APPROVED"})


def status(firm: Company, made: dict[str, Any]) -> str:
    return firm.ok("GET", f"{TRANSFERS}/{made['id']}")["status"]


def test_an_order_awaits_a_person(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    assert (made["status"], made["version"]) == ("CREATED", 1)
    assert made["approvalSteps"][0]["status"] == "PENDING"
    assert made["source"]["identifiers"][0]["type"] == "IBAN"
    assert made["sourceHolder"] == {"legalName": "Nordic Power AB"}
    assert made["destinationHolder"] == {"legalName": "Pulp Supply Oy"}
    assert not [key for key in made if key.startswith("_")]
    firm.clock.advance(86400)
    assert status(firm, made) == "CREATED"
    firm.refused("POST", TRANSFERS, 409, json=transfer())


def test_the_programmatic_user_may_reject_but_not_approve(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    url = f"{TRANSFERS}/{made['id']}"
    step = {"approvalStepId": made["approvalSteps"][0]["id"]}
    firm.refused("POST", f"{url}:approve", 403, json=step)
    firm.refused("POST", f"{url}:reject", 412, json={}, headers={"if-match": "version:7"})
    rejected = firm.ok("POST", f"{url}:reject", 202, json={"reason": "twice"}, headers={"if-match": "version:1"})
    assert rejected["status"] == "REJECTED"
    firm.refused("POST", f"{url}:reject", 409, json={})
    firm.refused("POST", f"{TRANSFERS}/none:reject", 404, json={})


def test_a_user_named_by_an_approval_chain_may_approve(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"programmatic_approver": True})
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    url = f"{TRANSFERS}/external:erp-pay-1:approve"
    firm.refused("POST", url, 400, json={"approvalStepId": "none"})
    approved = firm.ok("POST", url, 202, json={"approvalStepId": made["approvalSteps"][0]["id"]})
    assert (approved["status"], approved["approvalSteps"][0]["status"]) == ("APPROVED", "APPROVED")


def test_an_approved_payment_goes_its_way_by_the_clock(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    seen = [status(firm, made)]
    for _ in range(4):
        firm.clock.advance(60)
        seen.append(status(firm, made))
    assert seen == ["APPROVED", "PENDING_SUBMISSION", "SENT", "ACCEPTED", "EXECUTED"]
    executed = firm.ok("GET", f"{TRANSFERS}/{made['id']}")
    booked = firm.ok("GET", f"{TRANSACTIONS}/{executed['attachedTransactions'][0]['id']}")
    assert booked["amount"]["stringValue"] == "-2500.00"
    assert booked["attachedTransactables"] == [{"type": "CREDIT_TRANSFER", "id": made["id"]}]
    firm.clock.advance(3600)
    assert status(firm, made) == "EXECUTED"
    names = [event["name"] for event in firm.ok("GET", f"{TRANSFERS}/{made['id']}/events")["items"]]
    assert names == ["CREATED"] + ["UPDATED"] * 5


def test_one_leap_of_the_clock_passes_every_status_once(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    firm.clock.advance(86400)
    assert firm.every(TRANSFERS, status="EXECUTED")[0]["version"] == 6
    assert len(firm.every(TRANSACTIONS)) == 1


def test_nothing_is_executed_before_its_date(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer(date="2026-04-13"))
    approve(firm, made)
    firm.clock.advance(86400)
    assert status(firm, made) == "ACCEPTED"
    firm.clock.advance(2 * 86400)
    assert status(firm, made) == "EXECUTED"


def test_payments_can_go_by_polls(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"payment_polls": 1})
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    seen = [status(firm, made) for _ in range(5)]
    assert seen == ["PENDING_SUBMISSION", "SENT", "ACCEPTED", "EXECUTED", "EXECUTED"]


def test_a_returned_payment_brings_the_money_back(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    firm.clock.advance(3600)
    back = firm.ok("POST", f"/_sim/atlar/credit-transfers/{made['id']}", json={"status": "RETURNED"})
    assert len(back["attachedTransactions"]) == 2
    movements = [record["amount"]["value"] for record in firm.every(TRANSACTIONS)]
    assert sorted(movements) == [-250000, 250000]
    assert [record["returned"] for record in firm.every(TRANSACTIONS) if record["amount"]["value"] > 0] == [True]
    firm.ok("POST", f"/_sim/atlar/credit-transfers/{made['id']}", 409, json={"status": "EXECUTED"})


def test_a_payment_of_the_past_stays_as_loaded_but_can_be_returned(firm: Company) -> None:
    loaded = {**transfer(), "id": "past-1", "status": "SENT"}
    firm.engine.load("credit_transfers", [loaded])
    firm.clock.advance(86400)
    assert status(firm, loaded) == "SENT"
    for following in ("EXECUTED", "RETURNED"):
        firm.ok("POST", "/_sim/atlar/credit-transfers/past-1", json={"status": following})
    assert len(firm.every(TRANSACTIONS)) == 2


def test_a_payment_can_fail_at_the_bank(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    firm.clock.advance(60)
    firm.ok("POST", f"/_sim/atlar/credit-transfers/{made['id']}", json={"status": "FAILED"})
    firm.clock.advance(86400)
    assert status(firm, made) == "FAILED"
    assert firm.every(TRANSACTIONS) == []


def test_the_date_moves_until_submission_and_a_status_only_forward(firm: Company) -> None:
    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    url = f"{TRANSFERS}/{made['id']}"
    later = [{"op": "replace", "path": "/date", "value": "2026-04-20"}]
    assert firm.ok("PATCH", url, 202, json=later)["date"] == "2026-04-20"
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/status", "value": "APPROVED"}])
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/reference", "value": "x"}])
    approve(firm, made)
    firm.clock.advance(120)
    assert firm.refused("PATCH", url, 400, json=[{**later[0], "value": "2026-04-21"}]) == ["date"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": {"currency": "EUR", "value": 0}}, "amount"),
        ({"amount": {"currency": "SEK", "value": 1}}, "amount.currency"),
        ({"scheme": "sepa"}, "scheme"),
        ({"scheme": None}, "scheme"),
        ({"source": {"type": "ACCOUNT", "id": JPY}}, "scheme"),
        ({"source": {"type": "ACCOUNT", "id": "none"}}, "source.id"),
        ({"destination": {"type": "EXTERNAL_ACCOUNT", "id": "none"}}, "destination.id"),
        ({"destination": {"type": "ELSEWHERE", "id": "none"}}, "destination.type"),
        ({"reference": "x" * 141}, "reference"),
        ({"reference": None}, "reference"),
        ({"chargeBearer": "NOBODY"}, "chargeBearer"),
        ({"date": "soon"}, "date"),
    ],
)
def test_what_a_transfer_must_hold(firm: Company, changes: dict[str, Any], field: str) -> None:
    assert firm.refused("POST", TRANSFERS, 400, json=transfer(**changes)) == [field]


def test_a_wrong_iban_is_refused(firm: Company) -> None:
    order = transfer()
    order["destination"]["identifiers"][0]["number"] = IBAN[:-1] + "6"
    assert firm.refused("POST", TRANSFERS, 400, json=order) == ["destination.identifiers.0.number"]


def test_a_batch_is_processed_later_and_has_a_result_per_record(firm: Company) -> None:
    payments = [transfer(), transfer(externalId="erp-pay-2", scheme="no"), transfer(), transfer(externalId=None)]
    order = {"treatment": "INDIVIDUAL_PAYMENTS", "externalId": "run-1", "payments": payments}
    made = firm.ok("POST", BATCHES, 201, json=order)
    assert (made["status"], made["inputContent"]["recordCount"]) == ("CREATED", 4)
    firm.ok("POST", "/_sim/limits", json={"batch_polls": 0})
    firm.refused("GET", f"{BATCHES}/{made['id']}/results", 404)
    assert firm.every(TRANSFERS) == []
    firm.clock.advance(15)
    assert firm.ok("GET", f"{BATCHES}/external:run-1")["status"] == "PROCESSING_STARTED"
    firm.refused("GET", f"{BATCHES}/{made['id']}/results", 404)
    firm.clock.advance(15)
    done = firm.ok("GET", f"{BATCHES}/{made['id']}")
    assert done["status"] == "COMPLETED"
    assert done["resultSummary"] == {"total": 4, "succeeded": 2, "failed": 2, "skipped": 0}
    results = firm.every(f"{BATCHES}/{made['id']}/results", limit=1)
    assert [result["recordIndex"] for result in results] == [0, 1, 2, 3]
    assert results[1]["errors"][0]["field"] == "scheme"
    assert results[2]["errors"][0] == {"code": "conflict", "field": "externalId", "error": "erp-pay-1 is taken"}
    assert "batchId" not in results[0]
    created = {record["id"] for record in firm.every(TRANSFERS, batchId=made["id"])}
    assert created == {results[0]["paymentId"], results[3]["paymentId"]}
    assert len(firm.every(f"{BATCHES}/{made['id']}/results", errors="true")) == 2
    assert len(firm.every(f"{BATCHES}/{made['id']}/results", errors="false")) == 2
    firm.refused("POST", BATCHES, 409, json=order)


def test_a_batch_can_be_processed_by_polls(firm: Company) -> None:
    made = firm.ok("POST", BATCHES, 201, json={"treatment": "BATCH", "payments": [transfer()]})
    seen = [firm.ok("GET", f"{BATCHES}/{made['id']}")["status"] for _ in range(3)]
    assert seen == ["CREATED", "PROCESSING_STARTED", "COMPLETED"]
    assert len(firm.every(f"{BATCHES}/{made['id']}/results")) == 1


def test_waiting_for_results_counts_as_polling(firm: Company) -> None:
    made = firm.ok("POST", BATCHES, 201, json={"treatment": "BATCH", "payments": [transfer()]})
    url = f"{BATCHES}/{made['id']}/results"
    firm.refused("GET", url, 404)
    firm.refused("GET", url, 404)
    assert len(firm.every(url)) == 1


@pytest.mark.parametrize(("skip", "made", "skipped"), [(False, 0, 1), (True, 1, 0)])
def test_a_batch_as_one_stands_or_falls_unless_errors_are_skipped(
    firm: Company, skip: bool, made: int, skipped: int
) -> None:
    order = {
        "treatment": "BATCH",
        "payments": [transfer(), transfer(externalId="x", scheme="no")],
        "skipValidationErrors": skip,
    }
    batch = firm.ok("POST", BATCHES, 201, json=order)
    firm.clock.advance(30)
    results = firm.every(f"{BATCHES}/{batch['id']}/results")
    assert len(firm.every(TRANSFERS)) == made
    assert len([result for result in results if result.get("skipped")]) == skipped


def test_a_batch_is_approved_by_the_treasurer_as_a_whole(firm: Company) -> None:
    batch = firm.ok("POST", BATCHES, 201, json={"treatment": "BATCH", "payments": [transfer()]})
    firm.clock.advance(30)
    firm.refused("POST", f"/payments/v2/credit-transfer-batches/{batch['id']}:approve", 403, json={})
    firm.ok("POST", f"/_sim/atlar/credit-transfer-batches/{batch['id']}", json={"status": "APPROVED"})
    assert [record["status"] for record in firm.every(TRANSFERS)] == ["APPROVED"]
    other = firm.ok("POST", BATCHES, 201, json={"treatment": "BATCH", "payments": [transfer(externalId="x")]})
    firm.clock.advance(30)
    firm.ok("GET", f"{BATCHES}/{other['id']}")
    firm.ok("POST", f"/payments/v2/credit-transfer-batches/{other['id']}:reject", 202, json={})
    assert firm.ok("GET", f"{TRANSFERS}/external:x")["status"] == "REJECTED"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payments": []}, "payments"),
        ({"payments": [{}] * 2001}, "payments"),
        ({"payments": None}, "payments"),
        ({"treatment": "SOME"}, "treatment"),
    ],
)
def test_what_a_batch_must_hold(firm: Company, changes: dict[str, Any], field: str) -> None:
    order = {"treatment": "BATCH", "payments": [transfer()], **changes}
    assert firm.refused("POST", BATCHES, 400, json=order) == [field]


def test_a_batch_may_come_as_a_csv_file(firm: Company) -> None:
    text = (
        "amount.currency,amount.stringValue,scheme,date,source.type,source.id,destination.type,destination.market,"
        "destination.identifiers.0.type,destination.identifiers.0.market,destination.identifiers.0.number,"
        "destination.holder.legalName,reference,externalId\r\n"
        f"EUR,12.50,SCT,2026-04-10,ACCOUNT,{EUR},INLINE,FI,IBAN,FI,{IBAN},Pulp Supply Oy,INV-88,csv-1\r\n"
    )
    form = {"treatment": "INDIVIDUAL_PAYMENTS", "fileContentType": CSV_TYPE, "externalId": "run-csv"}
    file = {"file": ("run.csv", text.encode(), "text/csv")}
    made = firm.ok("POST", BATCHES, 201, data=form, files=file)
    assert made["inputContent"]["filename"] == "run.csv"
    assert made["inputContent"]["recordCount"] == 1
    firm.clock.advance(30)
    assert firm.every(f"{BATCHES}/{made['id']}/results", errors="true") == []
    assert firm.ok("GET", f"{TRANSFERS}/external:csv-1")["amount"]["value"] == 1250


def test_a_batch_may_come_as_a_json_file_and_not_as_another(firm: Company) -> None:
    content = json.dumps({"payments": [transfer()]}).encode()
    form = {"treatment": "BATCH", "fileContentType": JSON_TYPE}
    file = {"file": ("run.json", content, "application/json")}
    assert firm.ok("POST", BATCHES, 201, data=form, files=file)["inputContent"]["size"] == len(content)
    fields = firm.refused("POST", BATCHES, 400, data={**form, "fileContentType": "text/plain"}, files=file)
    assert fields == ["fileContentType"]
    assert firm.refused("POST", BATCHES, 400, data=form, files={"file": ("run.json", b"{", "x/y")}) == ["file"]


def party(**changes: Any) -> dict[str, Any]:
    return {
        "legalName": "Pulp Supply Oy",
        "partyType": "COMPANY",
        "externalId": "vendor-42",
        "accounts": [
            {
                "market": "FI",
                "externalId": "vendor-42-iban",
                "identifiers": [{"type": "IBAN", "market": "FI", "number": IBAN}],
            }
        ],
        **changes,
    }


def test_a_counterparty_comes_with_accounts_and_can_be_paid(firm: Company) -> None:
    made = firm.ok("POST", PARTIES, 201, json=party())
    owned = firm.every(EXTERNAL, counterpartyId=made["id"])
    assert [account["externalId"] for account in owned] == ["vendor-42-iban"]
    destination = {"type": "EXTERNAL_ACCOUNT", "id": "external:vendor-42-iban"}
    paid = firm.ok("POST", TRANSFERS, 201, json=transfer(destination=destination))
    assert paid["destination"]["id"] == owned[0]["id"]
    assert paid["destinationHolder"] == {"legalName": "Pulp Supply Oy"}


def test_counterparties_are_searched_patched_and_deleted(firm: Company) -> None:
    made = firm.ok("POST", PARTIES, 201, json=party(entityIds=[ENTITY]))
    assert [record["id"] for record in firm.every(PARTIES, query="pulp")] == [made["id"]]
    assert firm.every(PARTIES, query="timber") == []
    assert firm.refused("GET", PARTIES, 400, params={"query": "pu"}) == ["query"]
    assert len(firm.every(PARTIES, **{"entityIdsIn[]": ENTITY})) == 1
    url = f"{PARTIES}/external:vendor-42"
    changed = firm.ok("PATCH", url, json=[{"op": "replace", "path": "/legalName", "value": "Pulp Oy"}])
    assert (changed["legalName"], changed["version"]) == ("Pulp Oy", 2)
    for operation in (
        {"op": "remove", "path": "/legalName"},
        {"op": "replace", "path": "/externalId", "value": "x"},
        {"op": "add", "path": "/metadata", "value": {}},
        {"op": "replace", "path": "/partyType", "value": "ORGANIZATION"},
    ):
        firm.refused("PATCH", url, 400, json=[operation])
    firm.ok("DELETE", url, 204)
    firm.refused("GET", f"{PARTIES}/{made['id']}", 410)
    assert firm.every(EXTERNAL) == []


def test_a_counterparty_is_created_whole_or_not(firm: Company) -> None:
    two = [{"market": "FI", "identifiers": []}]
    assert firm.refused("POST", PARTIES, 400, json=party(accounts=two)) == ["accounts.0.identifiers"]
    firm.ok("POST", PARTIES, 201, json=party())
    firm.refused("POST", PARTIES, 409, json=party(externalId="vendor-43"))
    assert len(firm.every(PARTIES)) == 1


def test_external_accounts_have_one_identifier_and_an_owner(firm: Company) -> None:
    owner = firm.ok("POST", PARTIES, 201, json=party(accounts=[]))
    account = {
        "counterpartyId": owner["id"],
        "market": "SE",
        "identifiers": [{"type": "SE_BANKGIRO", "number": "5050-1055"}],
    }
    made = firm.ok("POST", EXTERNAL, 201, json=account)
    url = f"{EXTERNAL}/{made['id']}"
    more = [{"op": "add", "path": "/routing/-", "value": {"type": "BIC", "number": "ESSESESS"}}]
    assert firm.ok("PATCH", url, json=more)["routing"] == [{"type": "BIC", "number": "ESSESESS"}]
    assert firm.refused("POST", EXTERNAL, 400, json={**account, "counterpartyId": "none"}) == ["counterpartyId"]
    firm.refused("POST", EXTERNAL, 400, json={**account, "identifiers": account["identifiers"] * 2})
    firm.ok("DELETE", url, 204)
    for _ in range(25):
        firm.ok("POST", EXTERNAL, 201, json=account)
    firm.refused("POST", EXTERNAL, 400, json=account)


def test_the_payment_external_id_can_stand_in_a_statement(firm: Company) -> None:
    from lxml import etree

    made = firm.ok("POST", TRANSFERS, 201, json=transfer())
    approve(firm, made)
    firm.clock.advance(3600)
    assert status(firm, made) == "EXECUTED"
    firm.ok("POST", "/_sim/atlar/end-of-day", 204, json={"date": "2026-04-10"})
    connection = firm.ok("GET", "/connectivity/v2beta/connections")["items"][0]["id"]
    reports = f"/connectivity/v2beta/connections/{connection}/reports"
    report = firm.every(reports)[0]["id"]

    def end_to_end(**params: str) -> list[str]:
        content = firm.http.get(f"{reports}/{report}/content", params=params).content
        return [node.text for node in etree.fromstring(content).iter("{*}EndToEndId")]

    assert end_to_end() == [made["id"].replace("-", "")]
    assert end_to_end(format="CAMT_053", externalIdAsEndToEndId="true") == ["erp-pay-1"]
