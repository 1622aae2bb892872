"""Payables, receivables and forecasted transactions of the simulated Atlar (contract sections 10 and 11)."""

from typing import Any

import pytest
from atlar_company import ENTITY, EUR, Company, company, payable

FORECASTS = "/analytics/v2beta/forecasted-transactions"
BATCHES = "/analytics/v2beta/forecasted-transaction-batches"
SIDES = ("payable", "receivable")
SPELLINGS = [
    f"/{spelling}"
    for side in SIDES
    for spelling in (f"accounts-{side}s", f"accounts-{side}", f"account-{side}s", f"account-{side}")
]


@pytest.fixture
def firm() -> Company:
    return company()


def forecast(**changes: Any) -> dict[str, Any]:
    return {
        "parent": {"type": "ENTITY", "id": ENTITY},
        "amount": {"currency": "EUR", "stringValue": "-2500.00"},
        "date": "2026-04-30",
        "description": "Rent",
        "origin": {"type": "USER", "id": "u-1"},
        **changes,
    }


@pytest.mark.parametrize(("side", "value"), [("payable", -250000), ("receivable", 250000)])
def test_an_open_item_makes_one_signed_forecast(firm: Company, side: str, value: int) -> None:
    made = firm.ok("POST", f"/accounts-{side}s", 201, json=payable())
    assert made["status"] == "OPEN"
    assert made["remainingAmount"] == made["amount"]
    found = firm.every(FORECASTS)
    assert [record["id"] for record in found] == [made["forecastedTransactionId"]]
    assert found[0]["amount"]["value"] == value
    assert found[0]["parent"] == {"type": "ENTITY", "id": ENTITY}
    assert found[0]["origin"] == {"type": f"ACCOUNTS_{side.upper()}", "id": made["id"]}
    assert (found[0]["date"], found[0]["description"]) == ("2026-04-30", "Pulp March")


def test_the_forecast_follows_the_remaining_amount_and_the_due_date(firm: Company) -> None:
    made = firm.ok("POST", "/accounts-payables", 201, json=payable())
    url = f"/accounts-payables/{made['id']}"
    operations = [
        {"op": "replace", "path": "/remainingAmount", "value": {"currency": "EUR", "stringValue": "1000.00"}},
        {"op": "replace", "path": "/dueDate", "value": "2026-05-15"},
        {"op": "replace", "path": "/status", "value": "PARTIALLY_PAID"},
    ]
    changed = firm.ok("PATCH", url, json=operations, headers={"if-match": "version:1"})
    assert changed["forecastedTransactionId"] == made["forecastedTransactionId"]
    found = firm.every(FORECASTS)
    assert [(record["amount"]["stringValue"], record["date"]) for record in found] == [("-1000.00", "2026-05-15")]
    assert found[0]["version"] == 2
    firm.ok("PATCH", url, json=[{"op": "replace", "path": "/reference", "value": "INV-89"}])
    assert firm.every(FORECASTS)[0]["version"] == 2


@pytest.mark.parametrize("status", ["PAID", "VOIDED"])
def test_a_settled_item_has_no_forecast(firm: Company, status: str) -> None:
    made = firm.ok("POST", "/accounts-receivables", 201, json=payable())
    url = f"/accounts-receivables/{made['id']}"
    settled = firm.ok("PATCH", url, json=[{"op": "replace", "path": "/status", "value": status}])
    assert settled["forecastedTransactionId"] is None
    assert firm.every(FORECASTS) == []
    firm.refused("GET", f"{FORECASTS}/{made['forecastedTransactionId']}", 410)
    opened = firm.ok("PATCH", url, json=[{"op": "replace", "path": "/status", "value": "OPEN"}])
    assert [record["id"] for record in firm.every(FORECASTS)] == [opened["forecastedTransactionId"]]


def test_an_item_born_settled_has_no_forecast(firm: Company) -> None:
    firm.ok("POST", "/accounts-payables", 201, json=payable(status="PAID"))
    assert firm.every(FORECASTS) == []


@pytest.mark.parametrize("path", SPELLINGS)
def test_all_spellings_of_the_seed_answer_the_same(firm: Company, path: str) -> None:
    made = firm.ok("POST", path, 201, json=payable())
    canonical = "/accounts-payables" if "payable" in path else "/accounts-receivables"
    assert firm.every(canonical) == [made]
    changed = firm.ok("PATCH", f"{path}/{made['id']}", json=[{"op": "replace", "path": "/description", "value": "x"}])
    assert firm.ok("GET", f"{path}/external:AP-2026-0042") == changed


def test_the_two_sides_have_keys_of_their_own(firm: Company) -> None:
    firm.ok("POST", "/accounts-payables", 201, json=payable())
    firm.ok("POST", "/accounts-receivables", 201, json=payable())
    assert len(firm.every(FORECASTS)) == 2


def test_switched_off_they_are_not_found(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"ap_ar_endpoints": False})
    for path in SPELLINGS:
        firm.refused("POST", path, 404, json=payable())
        firm.refused("GET", path, 404)
    firm.ok("POST", "/_sim/limits", 400, json={"ap_ar_endpoints": "no"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"externalId": None}, "externalId"),
        ({"entityId": None}, "entityId"),
        ({"entityId": "none"}, "entityId"),
        ({"accountId": "none"}, "accountId"),
        ({"amount": {"currency": "EUR", "value": 0}}, "amount"),
        ({"amount": {"currency": "EUR", "value": -1}}, "amount"),
        ({"remainingAmount": {"currency": "SEK", "value": 1}}, "remainingAmount.currency"),
        ({"dueDate": None}, "dueDate"),
        ({"description": None}, "description"),
        ({"counterparty": None}, "counterparty"),
        ({"counterparty": {"name": "x"}}, "counterparty.erpId"),
        ({"status": "LATE"}, "status"),
        ({"metadata": {"k": 1}}, "metadata"),
        ({"metadata": {str(number): "x" for number in range(21)}}, "metadata"),
    ],
)
def test_what_an_item_must_hold(firm: Company, changes: dict[str, Any], field: str) -> None:
    assert firm.refused("POST", "/accounts-payables", 400, json=payable(**changes)) == [field]
    assert firm.every(FORECASTS) == []


def test_an_account_is_the_parent_where_one_is_named(firm: Company) -> None:
    firm.ok("POST", "/accounts-payables", 201, json=payable(accountId=EUR, entityId=None))
    assert firm.every(FORECASTS, accountId=EUR)[0]["parent"] == {"type": "ACCOUNT", "id": EUR}


def test_a_failed_patch_leaves_item_and_forecast(firm: Company) -> None:
    made = firm.ok("POST", "/accounts-payables", 201, json=payable())
    url = f"/accounts-payables/{made['id']}"
    firm.refused(
        "PATCH",
        url,
        412,
        json=[{"op": "replace", "path": "/status", "value": "PAID"}],
        headers={"if-match": "version:9"},
    )
    firm.refused("PATCH", url, 400, json=[{"op": "remove", "path": "/dueDate"}])
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/externalId", "value": "x"}])
    assert firm.ok("GET", url) == made
    assert len(firm.every(FORECASTS)) == 1


def test_forecasts_of_users_are_made_found_changed_and_removed(firm: Company) -> None:
    made = firm.ok("POST", FORECASTS, 201, json=forecast(externalId="rent.4", metadata={"atlar.category": "Rent"}))
    assert (made["correctionType"], made["amount"]["value"]) == ("", -250000)
    firm.refused("POST", FORECASTS, 409, json=forecast(externalId="rent.4"))
    url = f"{FORECASTS}/external:rent.4"
    changed = firm.ok("PATCH", url, json=[{"op": "replace", "path": "/amount/stringValue", "value": "-2600.00"}])
    assert changed["amount"] == {"currency": "EUR", "value": -260000, "stringValue": "-2600.00"}
    changed = firm.ok("PATCH", url, json=[{"op": "replace", "path": "/amount/value", "value": -1}])
    assert changed["amount"]["stringValue"] == "-0.01"
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/amount/stringValue", "value": "-1"}])
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/counterparty", "value": {}}])
    events = firm.ok("GET", f"{FORECASTS}/{made['id']}/events")["items"]
    assert [event["name"] for event in events] == ["CREATED", "UPDATED", "UPDATED"]
    firm.ok("DELETE", url, 204)
    firm.refused("GET", f"{FORECASTS}/{made['id']}", 410)
    firm.ok("POST", FORECASTS, 201, json=forecast(externalId="rent.4"))


def test_forecasts_of_accounting_data_belong_to_their_item(firm: Company) -> None:
    made = firm.ok("POST", "/accounts-payables", 201, json=payable())
    url = f"{FORECASTS}/{made['forecastedTransactionId']}"
    firm.refused("PATCH", url, 400, json=[{"op": "replace", "path": "/date", "value": "2026-05-01"}])
    firm.refused("DELETE", url, 400)


def test_forecasts_are_filtered(firm: Company) -> None:
    firm.ok("POST", FORECASTS, 201, json=forecast(description="a"))
    firm.ok("POST", FORECASTS, 201, json=forecast(description="b", correctionType="INFLOW", date="2026-05-01"))
    firm.ok("POST", FORECASTS, 201, json=forecast(description="c", scenarioId="s-1"))

    def names(**filters: str) -> list[str]:
        return sorted(record["description"] for record in firm.every(FORECASTS, **filters))

    assert names() == ["a", "b", "c"]
    assert names(correctionType="INFLOW") == ["b"]
    assert names(correctionType="") == ["a", "c"]
    assert names(**{"correctionType[in]": "INFLOW,OUTFLOW"}) == ["b"]
    assert names(scenarioId="s-1") == ["c"]
    assert names(**{"date[gte]": "2026-05-01"}) == ["b"]


def test_a_batch_is_all_or_nothing(firm: Company) -> None:
    bad = {"requests": [forecast(), forecast(parent={"type": "ENTITY", "id": "none"})]}
    assert firm.refused("POST", BATCHES, 400, json=bad) == ["requests.1.parent.id"]
    twice = {"requests": [forecast(externalId="x"), forecast(externalId="x")]}
    firm.refused("POST", BATCHES, 400, json=twice)
    assert firm.every(FORECASTS) == []
    batch = firm.ok("POST", BATCHES, 201, json={"requests": [forecast(), forecast()], "externalId": "b-1"})
    assert len(firm.every(FORECASTS, batchId=batch["id"])) == 2
    firm.refused("POST", BATCHES, 409, json={"requests": [forecast()], "externalId": "b-1"})
    assert len(firm.every(FORECASTS)) == 2


def test_loaded_items_get_their_forecast() -> None:
    firm = company()
    firm.engine.load("accounts_receivables", [payable(id="r-1"), payable(id="r-2", externalId="x", status="PAID")])
    assert [record["origin"]["id"] for record in firm.every(FORECASTS)] == ["r-1"]
