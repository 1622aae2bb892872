"""The books of the invented company: they balance, every state is there, and ATLAS ETRM was told what it was told."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from world_company import AS_OF, World, default_world, make_world

from sandbox.world.services import PAYABLE_EDGES, RECEIVABLE_EDGES

INVOICE_STATES = {"draft", "sent", "viewed", "partial", "paid", "overdue", "voided"}
BILL_STATES = {"draft", "pending", "approved", "partial", "paid", "overdue", "voided"}


@pytest.fixture(scope="module")
def world() -> World:
    return default_world()


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    assert make_world().everything() == world.everything()


def test_another_seed_gives_another_world_with_every_planted_case(world: World) -> None:
    other = make_world(seed=7)
    assert other.everything() != world.everything()
    assert other.summary.cases == world.summary.cases
    assert other.summary.ready == world.summary.ready


@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_scale_multiplies_and_keeps_the_showcase(scale: float, world: World) -> None:
    scaled = make_world(scale=scale)
    assert abs(scaled.summary.orders / world.summary.orders - scale) < 0.25 * scale
    assert scaled.summary.cases[210] == "SHOWCASE"
    assert len(set(scaled.summary.cases.values())) >= 12


def test_another_business_date_moves_the_history() -> None:
    moved = make_world(as_of=date(2025, 11, 5))
    months = {order["periodFrom"][:7] for order in moved.all("atlas_etrm", "orders")}
    assert (min(months), max(months)) == ("2024-09", "2025-10")
    assert moved.summary.ready == 60


def test_the_trial_balance_balances_in_every_currency(world: World) -> None:
    sums: dict[str, Decimal] = {}
    for row in world.engines.atlas_accounting.trial_balance()["accounts"]:
        sums[row["currency"]] = sums.get(row["currency"], Decimal()) + Decimal(row["balance"])
    assert sums == {"EUR": 0, "SEK": 0, "GBP": 0, "JPY": 0}


def test_documents_are_in_every_state(world: World) -> None:
    assert {record["status"] for record in world.all("atlas_accounting", "invoices")} == INVOICE_STATES
    assert {record["status"] for record in world.all("atlas_accounting", "bills")} == BILL_STATES


def test_journal_entries_are_in_every_state(world: World) -> None:
    assert {record["status"] for record in world.all("atlas_accounting", "journal_entries")} == {
        "draft",
        "posted",
        "reversed",
    }


def test_documents_are_in_four_currencies(world: World) -> None:
    for table in ("invoices", "bills"):
        assert {record["currency"] for record in world.all("atlas_accounting", table)} == {"EUR", "SEK", "GBP", "JPY"}


@pytest.mark.parametrize(("table", "edges"), [("invoices", RECEIVABLE_EDGES), ("bills", PAYABLE_EDGES)])
def test_open_documents_stand_on_the_edges_of_the_aging_buckets(
    table: str, edges: tuple[int, ...], world: World
) -> None:
    open_documents = [
        record
        for record in world.all("atlas_accounting", table)
        if Decimal(record["amount_due"]) and record["status"] not in ("draft", "pending", "voided")
    ]
    past_due = {(AS_OF - date.fromisoformat(record["due_date"])).days for record in open_documents}
    assert set(edges) <= past_due
    statuses = {
        record["status"]
        for record in open_documents
        if date.fromisoformat(record["due_date"]) == AS_OF - timedelta(days=31)
    }
    assert statuses == {"overdue"}


def test_the_past_is_closed(world: World) -> None:
    assert world.engines.atlas_accounting.company["closed_through"] == "2025-12-31"


def test_nothing_is_stamped_after_the_morning_of_the_business_date(world: World) -> None:
    for records in world.everything()["atlas_accounting"].values():
        assert all(record["updated_at"] <= "2026-04-10T08:00:01" for record in records)


def test_open_credits_are_there_on_both_sides(world: World) -> None:
    for table in ("payments", "payments_made"):
        assert any(Decimal(record["unapplied_amount"]) for record in world.all("atlas_accounting", table))


def test_one_payment_settles_several_documents(world: World) -> None:
    assert any(len(record["applications"]) > 1 for record in world.all("atlas_accounting", "payments"))


def test_bank_accounts_of_the_ledger_are_never_overdrawn(world: World) -> None:
    for record in world.all("atlar", "balances"):
        assert Decimal(record["amount"]["stringValue"]) > 0


def keyed_documents(world: World) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for table in ("invoices", "bills"):
        for record in world.all("atlas_accounting", table):
            if (record["notes"] or "").startswith("atlas_etrm:order:"):
                found.setdefault(int(record["notes"].rsplit(":", 1)[1]), []).append(record)
    return found


def number_of(document: dict[str, Any]) -> str:
    return str(document.get("invoice_number") or document.get("bill_number"))


def test_a_written_erp_code_names_the_documents_of_its_order(world: World) -> None:
    documents = keyed_documents(world)
    codes = {order["id"]: order["erpCode"] for order in world.all("atlas_etrm", "orders") if order["erpCode"]}
    for number, code in codes.items():
        if number in documents:
            assert code == "+".join(number_of(document) for document in documents[number])
    elsewhere = [code for number, code in codes.items() if number not in documents]
    known = {record["invoice_number"] for record in world.all("atlas_accounting", "invoices")}
    known |= {record["bill_number"] for record in world.all("atlas_accounting", "bills")}
    assert len(elsewhere) == 5
    assert sum(1 for code in elsewhere if set(code.split("+")) <= known) == 3
    assert any("+" in code for code in codes.values())


def test_atlas_invoices_and_payments_copy_the_books(world: World) -> None:
    documents = {number_of(record): record for records in keyed_documents(world).values() for record in records}
    payments: dict[int, list[dict[str, Any]]] = {}
    for payment in world.all("atlas_etrm", "payments"):
        payments.setdefault(payment["invoiceId"], []).append(payment)
    for invoice in world.all("atlas_etrm", "invoices"):
        document = documents[invoice["externalId"]]
        assert invoice["amount"] == document["total_amount"]
        paid = sum((Decimal(payment["amount"]) for payment in payments.get(invoice["id"], [])), Decimal())
        assert paid <= Decimal(document["amount_paid"])
        if invoice["isPaid"]:
            assert paid == Decimal(document["total_amount"])


def test_some_payments_are_not_in_atlas_etrm_yet(world: World) -> None:
    applied = {
        f"{payment['id']}:{application['invoice_id']}"
        for payment in world.all("atlas_accounting", "payments")
        for application in payment["applications"]
    }
    told = {payment["externalId"] for payment in world.all("atlas_etrm", "payments")}
    copied = {invoice["externalId"] for invoice in world.all("atlas_etrm", "invoices")}
    numbers = {record["id"]: record["invoice_number"] for record in world.all("atlas_accounting", "invoices")}
    missing = {key for key in applied - told if numbers[key.split(":")[1]] in copied}
    assert len(missing) > 8


def test_parties_are_known_by_code_by_vat_number_by_name_or_not_at_all(world: World) -> None:
    books = [*world.all("atlas_accounting", "customers"), *world.all("atlas_accounting", "vendors")]
    codes = {party["external_id"] for party in books}
    numbers = {party["tax_id"] for party in books if party["tax_id"]}
    names = {" ".join(party["display_name"].split()).casefold() for party in books}
    ways: Counter[str] = Counter()
    for party in world.all("atlas_etrm", "counterparties"):
        if party["externalId"]:
            assert party["externalId"] in codes
            ways["code"] += 1
        elif party["vat"].replace(" ", "") in numbers:
            ways["vat"] += 1
        elif party["legalName"].casefold() in names:
            ways["name"] += 1
        else:
            ways["unknown"] += 1
    assert ways == {"code": 28, "vat": 7, "name": 3, "unknown": 4}
    doubles = [
        number
        for number, count in Counter(
            party["tax_id"] for party in world.all("atlas_accounting", "customers") if party["tax_id"]
        ).items()
        if count > 1
    ]
    assert len(doubles) == 1
