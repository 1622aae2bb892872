"""The yardstick of all fault tests: a landing without faults holds each record of each vendor, once."""

from __future__ import annotations

import pytest
from landed import Held
from vendors import Vendors

WHOLE = {
    "atlas_etrm": ("counterparties", "custom_field_types", "orders", "order_items", "invoices", "payments", "deals"),
    "atlas_accounting": (
        "accounts",
        "customers",
        "vendors",
        "invoices",
        "bills",
        "payments",
        "payments_made",
        "journal_entries",
    ),
    "atlar": ("entities", "accounts", "transactions", "connections", "counterparties", "external_accounts"),
}


@pytest.mark.parametrize(("system", "table"), [(system, table) for system in WHOLE for table in WHOLE[system]])
def test_a_clean_landing_holds_each_record_once(
    vendors: Vendors, clean: dict[str, Held], system: str, table: str
) -> None:
    held = clean[f"{system}.{table}"]
    assert {str(key[0]) for key in held.records} == {str(record["id"]) for record in vendors.stores[system].all(table)}
    assert held.records
    assert held.versions == len(held.records)
    assert held.tombstones == 0
