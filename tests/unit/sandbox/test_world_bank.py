"""The banks of the invented company: balances follow from transactions, and the ledger agrees but for what is
planted.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from schwifty import IBAN
from world_company import World, default_world

from sandbox.atlar.query import Query
from sandbox.world.calendar import business_days, is_business_day
from sandbox.world.journals import BANK

NAMESPACE = {"camt": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


@pytest.fixture(scope="module")
def world() -> World:
    return default_world()


def booked(world: World, account_id: str) -> list[tuple[str, Decimal]]:
    found = [
        (record["localDate"], Decimal(record["amount"]["stringValue"]))
        for record in world.all("atlar", "balances")
        if record["accountId"] == account_id and record["type"] == "BOOKED"
    ]
    return sorted(found)


def moved(world: World, account_id: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for record in world.all("atlar", "transactions"):
        if record["accountId"] == account_id:
            sums[record["date"]] += Decimal(record["amount"]["stringValue"])
    return sums


def test_every_balance_is_the_one_before_and_the_days_transactions(world: World) -> None:
    for account in world.all("atlar", "accounts"):
        balances, sums = booked(world, account["id"]), moved(world, account["id"])
        for (_, before), (day, after) in pairwise(balances):
            assert after == before + sums.pop(day, Decimal()), (account["name"], day)
        assert not sums


def test_balances_and_summaries_stand_for_every_business_day_of_a_year(world: World) -> None:
    days = [day.isoformat() for day in business_days(date(2025, 3, 31), date(2026, 4, 9))]
    assert len(world.all("atlar", "accounts")) == 5
    for account in world.all("atlar", "accounts"):
        assert [day for day, _ in booked(world, account["id"])] == days
        summaries = {
            record["date"]: record["transactionCount"]
            for record in world.all("atlar", "end_of_day_summaries")
            if record["accountId"] == account["id"]
        }
        assert sorted(summaries) == days


def test_transactions_are_dated_on_business_days(world: World) -> None:
    assert all(is_business_day(date.fromisoformat(record["date"])) for record in world.all("atlar", "transactions"))


def test_the_bank_agrees_with_the_ledger_but_for_what_is_planted(world: World) -> None:
    ledger = {"EUR": "1000", "SEK": "1001", "GBP": "1002", "JPY": "1003"}
    numbers = {record["id"]: record["currency"] for record in world.all("atlar", "accounts")}
    bank: dict[str, Decimal] = defaultdict(Decimal)
    for account_id, currency in numbers.items():
        bank[currency] += booked(world, account_id)[-1][1]
    unbooked: dict[str, Decimal] = defaultdict(Decimal)
    planted = {"nobody can place it", "returned later", "return"}
    charges = []
    for record in world.all("atlar", "transactions"):
        amount = Decimal(record["amount"]["stringValue"])
        if world.summary.bank_lines.get(record["id"]) in planted:
            unbooked[numbers[record["accountId"]]] += amount
        for kept_back in record.get("_statementCharges", []):
            unbooked[numbers[record["accountId"]]] -= Decimal(kept_back["amount"]["stringValue"])
        if record["counterparty"].get("name") == BANK:
            charges.append((record["date"], amount))
    # The newest charge stands on the statement but is not booked yet.
    unbooked["EUR"] += max(charges)[1]
    balances = {
        row["account_number"]: row["balance"] for row in world.engines.atlas_accounting.trial_balance()["accounts"]
    }
    for currency, number in ledger.items():
        assert bank[currency] - unbooked[currency] == Decimal(balances[number]), currency


def test_accounts_are_in_four_currencies_with_valid_numbers(world: World) -> None:
    accounts = world.all("atlar", "accounts")
    assert {account["currency"] for account in accounts} == {"EUR", "SEK", "GBP", "JPY"}
    for account in accounts:
        identifier = account["identifiers"][0]
        if identifier["type"] == "IBAN":
            assert IBAN(identifier["number"]).country_code == account["market"]


def test_the_lines_nobody_can_read_at_once_are_there(world: World) -> None:
    kinds = set(world.summary.bank_lines.values())
    assert {"fee", "nobody can place it", "returned later", "return", "own transfer", "batch of payments"} <= kinds
    assert sum(1 for kind in world.summary.bank_lines.values() if kind.startswith("imperfect")) > 20
    assert sum(1 for record in world.all("atlar", "transactions") if record["returned"]) == 1
    assert [record["amount"]["stringValue"] for record in world.all("atlar", "transactions") if record["charges"]] == [
        "166211.98"
    ]


def test_a_statement_tells_what_was_kept_back_and_atlar_does_not_always(world: World) -> None:
    told = {}
    for statement in world.all("atlar", "bank_statements"):
        content = world.engines.atlar.statements.statement_content(
            statement["connectionId"], statement["reportId"], statement["id"], Query()
        )
        for entry in ElementTree.fromstring(content).iterfind(".//camt:Ntry", NAMESPACE):
            if (charge := entry.findtext("camt:Chrgs/camt:Rcrd/camt:Amt", namespaces=NAMESPACE)) is not None:
                told[str(entry.findtext("camt:NtryRef", namespaces=NAMESPACE))] = charge
    [silent] = [
        record
        for record in world.all("atlar", "transactions")
        if record.get("_statementCharges") and not record["charges"]
    ]
    assert told == {silent["id"].replace("-", "")[:35]: "8.40"}


def test_the_last_ten_days_have_statements(world: World) -> None:
    statements = world.all("atlar", "bank_statements")
    assert len({record["localDate"] for record in statements}) == 10
    assert len(statements) == 50


def test_a_statement_opens_and_closes_with_the_booked_balances(world: World) -> None:
    statement = next(record for record in world.all("atlar", "bank_statements") if record["localDate"] == "2026-04-09")
    content = world.engines.atlar.statements.statement_content(
        statement["connectionId"], statement["reportId"], statement["id"], Query()
    )
    root = ElementTree.fromstring(content)
    found = {
        node.findtext("camt:Tp/camt:CdOrPrtry/camt:Cd", namespaces=NAMESPACE): Decimal(
            str(node.findtext("camt:Amt", namespaces=NAMESPACE))
        )
        for node in root.iterfind(".//camt:Bal", NAMESPACE)
    }
    balances = dict(booked(world, statement["accountId"]))
    assert found == {"OPBD": balances["2026-04-08"], "CLBD": balances["2026-04-09"]}


@pytest.mark.parametrize(
    "table", ["documents", "gl_entities", "gl_accounts", "accounts_payables", "accounts_receivables"]
)
def test_what_the_loop_fills_starts_empty(table: str, world: World) -> None:
    assert world.all("atlar", table) == []
