"""Entities, accounts, balances, complete days, transactions and statement files of the simulated Atlar."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from atlar_company import CASH_BOX, CONNECTION, ENTITY, EUR, JPY, Company, booked, company
from lxml import etree

ACCOUNTS = "/financial-data/v2/accounts"
TRANSACTIONS = "/financial-data/v2/transactions"
ENTITIES = "/financial-data/v2/entities"
REPORTS = f"/connectivity/v2beta/connections/{CONNECTION}/reports"
CAMT = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


@pytest.fixture
def firm() -> Company:
    made = company()
    made.engine.load(
        "balances",
        [
            {
                "accountId": EUR,
                "type": "BOOKED",
                "reportedType": "CLOSE",
                "amount": {"currency": "EUR", "stringValue": "1000.00"},
                "localDate": "2026-03-30",
                "timestamp": "2026-03-30T21:59:59Z",
            }
        ],
    )
    made.engine.load(
        "transactions",
        [
            booked("t-1", EUR, "2026-03-31", "-250.10", counterparty={"name": "Pulp Oy"}),
            booked("t-2", EUR, "2026-03-31", "100.05", references={"endToEndId": "INV-1"}),
            booked("t-3", EUR, "2026-04-02", "0.05"),
            booked("t-4", JPY, "2026-03-31", "-5000", "JPY"),
        ],
    )
    return made


def close(firm: Company, first: str = "2026-03-31", last: str = "2026-04-02") -> None:
    firm.engine.end_of_days(date.fromisoformat(first), date.fromisoformat(last))


def booked_balances(firm: Company, account: str = EUR) -> dict[str, str]:
    found = firm.every(f"{ACCOUNTS}/{account}/balances", type="BOOKED")
    return {balance["localDate"]: balance["amount"]["stringValue"] for balance in found}


def test_ending_days_carries_the_booked_balance_forward(firm: Company) -> None:
    close(firm)
    assert booked_balances(firm) == {
        "2026-04-02": "850.00",
        "2026-04-01": "849.95",
        "2026-03-31": "849.95",
        "2026-03-30": "1000.00",
    }
    assert booked_balances(firm, JPY)["2026-04-02"] == "-5000"
    assert booked_balances(firm, CASH_BOX) == {}


def test_days_one_by_one_give_the_same_as_all_at_once(firm: Company) -> None:
    other = company()
    for table in ("balances", "transactions"):
        other.engine.load(table, firm.engine.records.all(table))
    close(firm)
    for day in ("2026-03-31", "2026-04-01", "2026-04-02"):
        other.engine.end_of_day(date.fromisoformat(day))
    assert booked_balances(other) == booked_balances(firm)
    assert booked_balances(other, JPY) == booked_balances(firm, JPY)


def test_ending_a_day_twice_changes_nothing(firm: Company) -> None:
    close(firm)
    before = firm.store.tables()
    close(firm)
    assert firm.store.tables() == before


def test_a_balance_the_bank_gave_is_kept(firm: Company) -> None:
    amount = {"currency": "EUR", "stringValue": "5.00"}
    given = {"accountId": EUR, "type": "BOOKED", "amount": amount, "localDate": "2026-04-01", "timestamp": "x"}
    firm.engine.load("balances", [given])
    close(firm)
    assert booked_balances(firm)["2026-04-01"] == "5.00"
    assert booked_balances(firm)["2026-04-02"] == "5.05"


def test_a_summary_says_that_a_day_is_complete(firm: Company) -> None:
    url = f"/financial-data/v2beta/accounts/{EUR}/end-of-day-summaries"
    assert firm.every(url) == []
    close(firm)
    assert firm.every(url, date="2026-03-31") == [
        {"accountId": EUR, "date": "2026-03-31", "transactionCount": 2, "created": "2026-04-01T04:10:00Z"}
    ]
    assert [summary["date"] for summary in firm.every(url)] == ["2026-04-02", "2026-04-01", "2026-03-31"]
    firm.refused("GET", "/financial-data/v2beta/accounts/none/end-of-day-summaries", 404)


def test_the_most_recent_balance_of_each_account_and_type(firm: Company) -> None:
    close(firm)
    found = firm.every(f"{ACCOUNTS}/-/balances", mostRecent="true")
    assert {(balance["accountId"], balance["localDate"]) for balance in found} == {
        (EUR, "2026-04-02"),
        (JPY, "2026-04-02"),
    }
    assert firm.every(f"{ACCOUNTS}/{EUR}/balances", mostRecent="true", type="AVAILABLE") == []
    assert firm.refused("GET", f"{ACCOUNTS}/-/balances", 400, params={"mostRecent": "1"}) == ["mostRecent"]
    firm.refused("GET", f"{ACCOUNTS}/none/balances", 404)


def test_accounts_are_listed_by_status(firm: Company) -> None:
    assert len(firm.every(ACCOUNTS, **{"status[]": "ACTIVE"})) == 3
    assert firm.every(ACCOUNTS, **{"status[]": "CLOSED"}) == []
    assert firm.ok("GET", f"{ACCOUNTS}/{EUR}")["identifiers"][0]["type"] == "IBAN"


def ids(firm: Company, **filters: Any) -> list[str]:
    return [record["id"] for record in firm.every(TRANSACTIONS, **filters)]


def test_transactions_are_filtered_and_newest_first(firm: Company) -> None:
    assert ids(firm) == ["t-3", "t-1", "t-2", "t-4"]
    assert ids(firm, accountId=JPY) == ["t-4"]
    assert ids(firm, date="2026-04-02") == ["t-3"]
    assert ids(firm, **{"date[eq]": "2026-04-02"}) == ["t-3"]
    assert ids(firm, **{"date[gte]": "2026-03-31", "date[lte]": "2026-04-01"}) == ["t-1", "t-2", "t-4"]
    assert ids(firm, reconciliationStatus="RECONCILED") == []
    for name, value in (("date[gt]", "2026-01-01"), ("date[gte]", "yesterday"), ("date", "2026-1-1")):
        assert firm.refused("GET", TRANSACTIONS, 400, params={name: value}) == [name]


def test_only_the_reconciliation_and_metadata_of_a_transaction_change(firm: Company) -> None:
    url = f"{TRANSACTIONS}/t-1"
    status = {"op": "replace", "path": "/reconciliationStatus", "value": "RECONCILED"}
    changed = firm.ok("PATCH", url, json=[status], headers={"if-match": "version:1"})
    assert changed["reconciliationStatus"] == "RECONCILED"
    assert ids(firm, reconciliationStatus="RECONCILED") == ["t-1"]
    firm.refused("PATCH", url, 400, json=[{**status, "value": "DONE"}])
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/amount/value", "value": 1}])
    names = [event["name"] for event in firm.ok("GET", f"{url}/events")["items"]]
    assert names == ["CREATED", "UPDATED"]


def test_a_deleted_transaction_is_gone_but_its_statement_stays(firm: Company) -> None:
    close(firm)
    before = statement(firm, "2026-03-31")
    firm.ok("DELETE", "/_sim/atlar/transactions/t-1", 204)
    firm.refused("GET", f"{TRANSACTIONS}/t-1", 410)
    assert "t-1" not in ids(firm)
    assert etree.tostring(statement(firm, "2026-03-31")) == etree.tostring(before)
    firm.ok("DELETE", "/_sim/atlar/transactions/t-1", 410)


def test_the_testbank_books_a_transaction(firm: Company) -> None:
    order = {"accountId": EUR, "amount": {"currency": "EUR", "stringValue": "12.00"}, "reference": "INV-9"}
    made = firm.ok("POST", "/v1/testbank/transactions", 201, json=order)
    assert (made["date"], made["amount"]["value"], made["description"]) == ("2026-04-10", 1200, "INV-9")
    assert made["reconciliationStatus"] == "NOT_RECONCILED"
    assert made["id"] in ids(firm, date="2026-04-10")
    bad = {"accountId": "none", "amount": {"currency": "EUR", "value": 0}}
    assert sorted(firm.refused("POST", "/v1/testbank/transactions", 400, json=bad)) == ["accountId", "amount"]
    yen = {**order, "amount": {"currency": "JPY", "value": 1}}
    assert firm.refused("POST", "/v1/testbank/transactions", 400, json=yen) == ["amount.currency"]


def test_a_late_booking_does_not_rewrite_a_statement(firm: Company) -> None:
    close(firm)
    late = {"accountId": EUR, "amount": {"currency": "EUR", "value": 1}, "date": "2026-03-31"}
    firm.ok("POST", "/v1/testbank/transactions", 201, json=late)
    assert len(statement(firm, "2026-03-31").findall(".//c:Ntry", CAMT)) == 2


def test_a_remittance_text_that_xml_cannot_hold_is_cleaned(firm: Company) -> None:
    text = "a\x00b\x1f \ufffe<&>\U0001f600"
    order = {"accountId": EUR, "amount": {"currency": "EUR", "value": 1}, "date": "2026-04-01", "reference": text}
    firm.ok("POST", "/v1/testbank/transactions", 201, json=order)
    close(firm)
    assert texts(statement(firm, "2026-04-01"), ".//c:Ustrd") == ["ab <&>\U0001f600"]


def test_pending_transactions_live_apart(firm: Company) -> None:
    firm.engine.load("pending_transactions", [booked("p-1", EUR, "2026-04-11", "-3.00")])
    url = "/financial-data/v2/pending-transactions"
    assert [record["id"] for record in firm.every(url, accountId=EUR)] == ["p-1"]
    assert firm.ok("GET", f"{url}/p-1")["valueDate"] == "2026-04-11"
    assert "p-1" not in ids(firm)


def report_of(firm: Company, day: str) -> dict[str, Any]:
    following = date.fromordinal(date.fromisoformat(day).toordinal() + 1).isoformat()
    found = firm.every(REPORTS, type="BANK_STATEMENT", **{"from": following, "to": following})
    assert len(found) == 1
    return found[0]


def statement(firm: Company, day: str, account: str = EUR, **params: Any) -> etree._Element:
    report = report_of(firm, day)
    inside = f"{REPORTS}/{report['id']}/bank-statements"
    found = firm.every(inside, account_id=account)
    assert [record["localDate"] for record in found] == [day]
    response = firm.http.get(f"{inside}/{found[0]['id']}/content", params=params)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/xml")
    return etree.fromstring(response.content)


def texts(node: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in node.findall(path, CAMT)]


def balance(root: etree._Element, code: str) -> Decimal:
    for node in root.findall(".//c:Bal", CAMT):
        if texts(node, "c:Tp/c:CdOrPrtry/c:Cd") == [code]:
            return signed(node)
    raise AssertionError(f"no balance {code}")


def signed(node: etree._Element) -> Decimal:
    amount = Decimal(texts(node, "c:Amt")[0])
    return -amount if texts(node, "c:CdtDbtInd") == ["DBIT"] else amount


@pytest.mark.parametrize("day", ["2026-03-31", "2026-04-01", "2026-04-02"])
@pytest.mark.parametrize("account", [EUR, JPY])
def test_opening_and_entries_give_closing(firm: Company, day: str, account: str) -> None:
    close(firm)
    root = statement(firm, day, account)
    assert root.tag == f"{{{CAMT['c']}}}Document"
    entries = sum((signed(node) for node in root.findall(".//c:Ntry", CAMT)), Decimal(0))
    assert balance(root, "OPBD") + entries == balance(root, "CLBD")
    assert str(abs(balance(root, "CLBD"))) == booked_balances(firm, account)[day].removeprefix("-")


def test_a_statement_carries_what_the_bank_knows(firm: Company) -> None:
    close(firm)
    root = statement(firm, "2026-03-31", format="CAMT_053")
    assert texts(root, ".//c:Acct/c:Id/c:IBAN") == ["SE4550000000058398257466"]
    assert (balance(root, "OPBD"), balance(root, "CLBD")) == (Decimal("1000.00"), Decimal("849.95"))
    assert texts(root, ".//c:Ntry/c:Amt") == ["250.10", "100.05"]
    assert texts(root, ".//c:Ntry/c:CdtDbtInd") == ["DBIT", "CRDT"]
    assert texts(root, ".//c:EndToEndId") == ["NOTPROVIDED", "INV-1"]
    assert texts(root, ".//c:RltdPties/c:Cdtr/c:Pty/c:Nm") == ["Pulp Oy"]
    assert texts(root, ".//c:RmtInf/c:Ustrd") == ["t-1", "t-2"]


def test_a_report_holds_the_statements_of_all_its_accounts(firm: Company) -> None:
    close(firm)
    report = report_of(firm, "2026-03-31")
    content = firm.http.get(f"{REPORTS}/{report['id']}/content").content
    assert report["size"] == len(content)
    root = etree.fromstring(content)
    assert len(root.findall(".//c:Stmt", CAMT)) == 2
    assert report["filename"] == "camt053_20260331.xml"


def test_unknown_forms_reports_and_statements_are_refused(firm: Company) -> None:
    close(firm)
    report = report_of(firm, "2026-03-31")
    url = f"{REPORTS}/{report['id']}"
    assert firm.refused("GET", f"{url}/content", 400, params={"format": "PDF"}) == ["format"]
    assert firm.refused("GET", REPORTS, 400, params={"from": "March"}) == ["from"]
    firm.refused("GET", f"{REPORTS}/none/content", 404)
    firm.refused("GET", f"{url}/bank-statements/none/content", 404)
    firm.refused("GET", "/connectivity/v2beta/connections/none/reports", 404)
    assert firm.every(REPORTS, statementType="INTRADAY") == []


def test_entities_form_a_tree(firm: Company) -> None:
    child = firm.ok("POST", ENTITIES, 201, json={"legalName": "Nordic Power OY", "parentId": ENTITY})
    assert firm.refused("POST", ENTITIES, 400, json={"parentId": "none"}) == ["parentId", "legalName"]
    firm.refused("DELETE", f"{ENTITIES}/{ENTITY}", 409)
    rename = [{"op": "replace", "path": "/legalName", "value": "Nordic Oy"}]
    assert firm.ok("PATCH", f"{ENTITIES}/{child['id']}", json=rename)["legalName"] == "Nordic Oy"
    firm.ok("DELETE", f"{ENTITIES}/{child['id']}", 204)
    firm.refused("GET", f"{ENTITIES}/{child['id']}", 410)


def test_control_ends_days_too(firm: Company) -> None:
    firm.ok("POST", "/_sim/atlar/end-of-day", 204, json={"from": "2026-03-31", "to": "2026-04-02"})
    assert booked_balances(firm)["2026-04-02"] == "850.00"
    firm.ok("POST", "/_sim/atlar/end-of-day", 400, json={})


def test_a_year_of_days_is_ended_in_one_sweep() -> None:
    firm = company()
    firm.engine.load(
        "transactions",
        [
            booked(f"t-{number}", EUR, f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}", "1.00")
            for number in range(2000)
        ],
    )
    close(firm, "2025-01-01", "2025-12-31")
    assert booked_balances(firm)["2025-12-31"] == "2000.00"
    assert firm.store.tables()["bank_statements"] == 2 * 365
