"""Corrections over a sandbox of its own: an order changed after it was posted is voided and made anew, or held.

The sandbox is edited as its people would edit it (`PATCH /_sim/state`), so no other test may share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.flow.conftest import UNLIMITED, Profile, _origin, start_sandbox, stop_sandbox

pytestmark = pytest.mark.timeout(1800)
"""Three runs from nothing stand before the first test."""


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Profile, dict[str, Any]]]:
    """A settled profile, its orders edited, and run again; with the orders that were edited and what the run said."""
    profile = Profile(tmp_path_factory.mktemp("corrections"))
    process = start_sandbox(profile.data_dir, *UNLIMITED)
    try:
        profile.run()
        told: dict[str, Any] = {
            "invoice": _change(profile, _posted(profile, "receivable", "d.amount_applied = 0"), "-1.00"),
            "bill": _change(profile, _posted(profile, "payable", "d.amount_applied = 0"), "1.00"),
            "paid": _change(profile, _posted(profile, "receivable", "d.amount_open = 0"), "1.00"),
        }
        told["run"] = profile.run()
        profile.forget_requests()
        told["again"] = profile.run()
        yield profile, told
    finally:
        stop_sandbox(process)


def _posted(profile: Profile, side: str, condition: str) -> int:
    """An order with one document on one side, whose number ATLAS ETRM has."""
    table, has, lacks = (
        ("fct_receivables", "has_receivable", "has_payable")
        if side == "receivable"
        else ("fct_payables", "has_payable", "has_receivable")
    )
    found = profile.query(
        f"select orders.order_id from marts.fct_orders as orders inner join marts.{table} as d using (order_id)"
        f" where orders.erp_code is not null and not orders.is_held and orders.{has} and not orders.{lacks}"
        f" and orders.became in ('invoice_written', 'paid') and {condition} order by orders.order_id desc limit 1"
    )
    order_id: int = found[0]["order_id"]
    return order_id


def _change(profile: Profile, order_id: int, by: str) -> int:
    """Re-prices the first line of an order at the desk, and its total with it."""
    orders = {order["id"]: order for order in profile.at_vendor("atlas_etrm", "orders")}
    item = min(
        (item for item in profile.at_vendor("atlas_etrm", "order_items") if item["orderId"] == order_id),
        key=lambda item: item["id"],
    )
    for table, record, member in (("order_items", item, "amount"), ("orders", orders[order_id], "totalAmount")):
        before = Decimal(str(record[member]))
        after = before + (-Decimal(by) if before < 0 else Decimal(by))
        url = f"{_origin(profile.told['urls']['atlas_etrm'])}/_sim/state/{table}/{record['id']}"
        httpx.patch(url, json={member: str(after)}, timeout=30).raise_for_status()
    return order_id


def _documents(profile: Profile, kind: str, order_id: int) -> dict[str, dict[str, Any]]:
    """The order's invoices or bills at the vendor, by the last part of their key."""
    key = f"atlas_etrm:order:{order_id}"
    return {
        document["notes"].removeprefix(key): document
        for document in profile.at_vendor("atlas_accounting", f"{kind}s")
        if document.get("notes") in (key, f"{key}:r2", f"{key}:r3")
    }


@pytest.mark.parametrize("kind", ["invoice", "bill"])
def test_a_changed_order_is_voided_and_made_anew_everywhere(
    corrected: tuple[Profile, dict[str, Any]], kind: str
) -> None:
    profile, told = corrected
    order_id = told[kind]
    documents = _documents(profile, kind, order_id)
    assert sorted(documents) == ["", ":r2"]
    assert documents[""]["status"] == "voided"
    assert documents[":r2"]["status"] in ("sent", "approved", "overdue")
    order = next(order for order in profile.at_vendor("atlas_etrm", "orders") if order["id"] == order_id)
    number = documents[":r2"][f"{kind}_number"]
    assert abs(Decimal(str(order["totalAmount"]))) == Decimal(documents[":r2"]["total_amount"])
    assert order["erpCode"] == number
    invoices = [one for one in profile.at_vendor("atlas_etrm", "invoices") if one["orderId"] == order_id]
    assert [(one["externalId"], Decimal(str(one["amount"]))) for one in invoices] == [
        (number, Decimal(documents[":r2"]["total_amount"]))
    ]
    voided = {
        document["provenance"]["vendorId"]: document["voided"] for document in profile.at_vendor("atlar", "documents")
    }
    prefix = kind.upper()
    assert voided[f"{prefix}/{documents['']['id']}"] is True
    assert voided[f"{prefix}/{documents[':r2']['id']}"] is False


@pytest.mark.parametrize("kind", ["invoice", "bill"])
def test_the_books_keep_the_entry_reverse_it_and_post_the_revision(
    corrected: tuple[Profile, dict[str, Any]], kind: str
) -> None:
    profile, told = corrected
    entries = profile.query(
        "select journal_entry_id, posting_status, total_debit from marts.fct_journal_entries"
        # VAT under reverse charge is an entry of its own, and corrected with the bill.
        " where order_id = ? and journal_entry_id not like '%reverse_charge%' order by journal_entry_id",
        told[kind],
    )
    key = f"atlas_etrm:order:{told[kind]}"
    assert [entry["journal_entry_id"].removeprefix(key) for entry in entries] == ["", f":{kind}:reversal", ":r2"]
    assert {entry["posting_status"] for entry in entries} == {"posted"}
    documents = _documents(profile, kind, told[kind])
    first, reversal, revision = (entry["total_debit"] for entry in entries)
    assert first == reversal == Decimal(documents[""]["total_amount"])
    assert revision == Decimal(documents[":r2"]["total_amount"])


def test_a_paid_one_is_held_with_the_remedy_and_nothing_is_sent_for_it(
    corrected: tuple[Profile, dict[str, Any]],
) -> None:
    profile, told = corrected
    held = profile.query(
        "select exception_code, severity, remedy from marts.fct_exceptions where order_id = ? and severity = 'hold'",
        told["paid"],
    )
    assert [(row["exception_code"], row["severity"]) for row in held] == [("correction_of_paid_document", "hold")]
    assert held[0]["remedy"]
    assert sorted(_documents(profile, "invoice", told["paid"])) == [""]


def test_all_controls_tie_and_the_next_run_sends_nothing(corrected: tuple[Profile, dict[str, Any]]) -> None:
    profile, told = corrected
    assert (told["run"]["rejected"], told["run"]["unknown"]) == (0, 0)
    assert [name for name, tied in told["run"]["tie_outs"].items() if not tied] == []
    assert (told["again"]["planned"], told["again"]["sent"]) == (0, 0)
    assert profile.writes() == []
