"""The settlement desk of the invented company: orders, their items, their fates and the planted cases."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from schwifty import IBAN
from world_company import World, default_world

from sandbox.world.fates import Fate
from sandbox.world.identifiers import is_vat_number
from sandbox.world.planted import SHOWCASE_ID, Case

STATUSES = {
    "Draft order by ETRM",
    "Approved order by ETRM",
    "Forwarded to accounting",
    "Received code by accounting",
    "Rejected by accounting",
    "Received invoice by accounting",
    "Approved Payment by ETRM",
    "Settled",
    "Partially Settled",
}
WAITING = {"Approved order by ETRM", "Forwarded to accounting"}
TOTALS_WRONG = {Case.TOTAL_OFF_BY_A_CENT.name, Case.TOTAL_NET.name}
SIGNS_WRONG = {Case.ACTIVE_BELOW_ZERO.name, Case.VAT_AGAINST_NET.name, Case.PASSIVE_OF_BOTH_SIGNS.name}


@pytest.fixture(scope="module")
def world() -> World:
    return default_world()


def items_by_order(world: World) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for item in world.all("atlas_etrm", "order_items"):
        if item["orderId"] is not None:
            found.setdefault(item["orderId"], []).append(item)
    return found


def total_of(items: list[dict[str, Any]]) -> Decimal:
    """Active minus Passive, the direction by the cashflow, gross."""
    signs = {0: 1, 1: -1}
    return sum(
        (signs[item["cashflow"]] * abs(Decimal(item["amount"]) + Decimal(item["vat"])) for item in items), Decimal()
    )


def test_orders_start_at_one_and_have_no_gaps(world: World) -> None:
    numbers = [order["id"] for order in world.all("atlas_etrm", "orders")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 300


def test_every_status_is_there(world: World) -> None:
    assert {order["status"] for order in world.all("atlas_etrm", "orders")} == STATUSES


def test_every_fate_is_there(world: World) -> None:
    assert set(world.summary.orders_by_fate) == {fate.name for fate in Fate}


def test_about_sixty_orders_wait_and_most_are_of_the_last_two_months(world: World) -> None:
    assert world.summary.ready == 60
    planted = {number for number, case in world.summary.cases.items() if Case[case].code not in ("", "deal_mismatch")}
    documents = {
        record["notes"]
        for table in ("invoices", "bills")
        for record in world.all("atlas_accounting", table)
        if record["notes"]
    }
    waiting = [
        order
        for order in world.all("atlas_etrm", "orders")
        if order["status"] in WAITING
        and order["erpCode"] is None
        and order["id"] not in planted
        and f"atlas_etrm:order:{order['id']}" not in documents
    ]
    assert len(waiting) == 60
    assert sum(1 for order in waiting if order["periodFrom"] >= "2026-02") == 54


def test_totals_equal_items_but_for_the_planted_cases(world: World) -> None:
    items = items_by_order(world)
    wrong = {
        order["id"]
        for order in world.all("atlas_etrm", "orders")
        if abs(Decimal(order["totalAmount"])) != abs(total_of(items[order["id"]]))
    }
    planted = {number for number, case in world.summary.cases.items() if case in TOTALS_WRONG}
    # Where a sign is wrong the total follows the lines as written.
    signs = {number for number, case in world.summary.cases.items() if case in SIGNS_WRONG}
    assert planted <= wrong
    assert wrong <= planted | signs
    assert len(planted) == 2


def test_signs_follow_the_cashflow_but_for_the_planted_cases(world: World) -> None:
    odd = {
        item["orderId"]
        for item in world.all("atlas_etrm", "order_items")
        if (Decimal(item["amount"]) < 0) != (item["cashflow"] == 1)
        or Decimal(item["amount"]) * Decimal(item["vat"]) < 0
    }
    planted = {
        number for number, case in world.summary.cases.items() if case in SIGNS_WRONG | {Case.POSITIVE_PASSIVE.name}
    }
    assert odd == planted


def test_amounts_are_volume_times_price_to_the_cent(world: World) -> None:
    for item in world.all("atlas_etrm", "order_items"):
        assert Decimal(item["amount"]) == Decimal(item["amount"]).quantize(Decimal("0.01"))
        assert Decimal(item["amount"]) != 0


def test_only_german_counterparties_that_are_no_resellers_have_vat(world: World) -> None:
    parties = world.all("atlas_etrm", "counterparties")
    statuses = {
        record["id"]: value["value"]
        for record in parties
        for value in record["customFieldValues"]
        if value["customFieldName"] == "VAT Status"
    }
    assert list(statuses.values()) == ["Reseller"]
    countries = {record["id"]: record["country"] for record in parties if record["id"] not in statuses}
    for item in world.all("atlas_etrm", "order_items"):
        net, vat = abs(Decimal(item["amount"])), abs(Decimal(item["vat"]))
        expected = (
            (net * Decimal("0.19")).quantize(Decimal("0.01")) if countries.get(item["counterpartyId"]) == "DE" else 0
        )
        assert abs(vat - expected) <= Decimal("0.01")


def test_order_210_is_a_clean_receivable_with_three_lines(world: World) -> None:
    order = world.stores["atlas_etrm"].get("orders", SHOWCASE_ID)
    assert order is not None
    assert order["status"] == "Approved order by ETRM"
    assert order["erpCode"] is None
    assert order["totalAmount"] == "85561.00"
    lines = items_by_order(world)[SHOWCASE_ID]
    assert [(line["cashflow"], line["amount"], line["vat"], line["glAccount"]) for line in lines] == [
        (0, "51600.00", "9804.00", None),
        (0, "16400.00", "3116.00", "4100"),
        (0, "3900.00", "741.00", "4130"),
    ]
    party = world.stores["atlas_etrm"].get("counterparties", order["counterpartyId"])
    assert party is not None
    assert (party["externalId"], party["glAccount"]) == ("C-1001", "4100")
    notes = [record["notes"] for record in world.all("atlas_accounting", "invoices")]
    assert f"atlas_etrm:order:{SHOWCASE_ID}" not in notes


def test_order_1_is_the_oldest_long_booked_and_paid(world: World) -> None:
    order = world.stores["atlas_etrm"].get("orders", 1)
    assert order is not None
    assert order["status"] == "Settled"
    invoice = next(
        record for record in world.all("atlas_accounting", "invoices") if record["notes"] == "atlas_etrm:order:1"
    )
    assert invoice["status"] == "paid"
    assert order["erpCode"] == invoice["invoice_number"]
    copy = next(record for record in world.all("atlas_etrm", "invoices") if record["orderId"] == 1)
    assert (copy["externalId"], copy["amount"], copy["isPaid"]) == (
        invoice["invoice_number"],
        invoice["total_amount"],
        True,
    )


def test_every_planted_case_is_there_once(world: World) -> None:
    assert Counter(world.summary.cases.values()) == Counter(case.name for case in Case)


def test_a_missing_gl_account_is_missing_on_both_sides(world: World) -> None:
    accounts = {record["id"]: record["glAccount"] for record in world.all("atlas_etrm", "counterparties")}
    lacking = {
        item["orderId"]
        for item in world.all("atlas_etrm", "order_items")
        if item["orderId"] is not None and not item["glAccount"] and not accounts[item["counterpartyId"]]
    }
    planted = {
        number
        for number, case in world.summary.cases.items()
        if case in (Case.NO_GL_ACCOUNT.name, Case.NO_GL_ACCOUNT_ON_ONE_LINE.name)
    }
    assert lacking == planted


def test_items_under_review_are_in_no_order(world: World) -> None:
    free = [item for item in world.all("atlas_etrm", "order_items") if item["orderId"] is None]
    assert {item["status"] for item in free} == {0, 1}
    assert all(item["startCompensation"] == "2026-03-01T00:00:00" for item in free)
    assert all(item["status"] == 2 for item in world.all("atlas_etrm", "order_items") if item["orderId"] is not None)


def test_vat_numbers_and_ibans_are_valid(world: World) -> None:
    parties = world.all("atlas_etrm", "counterparties")
    assert len({party["country"] for party in parties}) == 15
    for party in parties:
        assert is_vat_number(party["country"], party["vat"]), party["legalName"]
        if party["iban"]:
            assert IBAN(party["iban"]).country_code == party["country"]
    for item in world.all("atlas_etrm", "order_items"):
        if item["iban"]:
            assert IBAN(item["iban"])


def test_some_counterparties_lack_a_bank_account_and_some_a_code(world: World) -> None:
    parties = world.all("atlas_etrm", "counterparties")
    assert {party["iban"] for party in parties if not party["iban"]} == {None, ""}
    assert 25 <= sum(1 for party in parties if party["externalId"]) <= 30
    assert any(party["glAccount"] == "" for party in parties)


def test_mixed_and_self_billed_orders_are_there(world: World) -> None:
    items = items_by_order(world)
    mixed = [number for number, lines in items.items() if {line["cashflow"] for line in lines} == {0, 1}]
    assert len(mixed) > 40
    assert {order["documentType"] for order in world.all("atlas_etrm", "orders")} == {0, 1}


def test_lines_fit_their_deals_but_for_the_planted_cases(world: World) -> None:
    deals = {deal["id"]: deal for deal in world.all("atlas_etrm", "deals")}
    odd = set()
    for item in world.all("atlas_etrm", "order_items"):
        deal = deals.get(item["dealId"])
        fits = (
            deal is not None
            and deal["counterpartyId"] == item["counterpartyId"]
            and deal["deliveryStart"] <= item["startCompensation"]
            and item["endCompensation"] <= deal["deliveryEnd"]
        )
        if not fits:
            odd.add(item["orderId"])
    assert odd == {number for number, case in world.summary.cases.items() if Case[case].code == "deal_mismatch"}
