"""The other settings of DESIGN section 4, over one small company: what carries Atlar's cash forecast where the settings
say forecasted transactions (signed, once, and at rest), and orders posted as journal entries, never as documents too,
carried from the entry to the ATLAS ETRM invoice by one approval.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import UNLIMITED, Profile, start_sandbox, stop_sandbox

pytestmark = pytest.mark.timeout(1800)
"""An approved plan and a run, from nothing, stand before the first test."""

ORDER_KEY = re.compile(r"atlas_etrm:order:([0-9]+)(?:\s|$)")
CONTROL_LINE = re.compile(r"(customer|vendor) (\S+) due (\S+)$")


@dataclass
class Approved:
    """What one approval was given for, what it sent, and what stood at the vendors when it was done."""

    planned: dict[str, Any]
    applied: dict[str, Any]
    erp_codes: dict[int, str | None]
    invoices: Counter[str]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """A small company whose treasury wants forecasted transactions, and whose accountant wants entries."""
    folder: Path = tmp_path_factory.mktemp("forecasting")
    settings = {
        "SOURCES__ATLAR__AP_AR_MODE": "forecasted_transactions",
        "SOURCES__ATLAS_ACCOUNTING__POSTING_MODE": "journal_entries",
    }
    process = start_sandbox(folder / "data", *UNLIMITED, "--scale", "0.1")
    try:
        yield Profile(folder / "data", settings)
    finally:
        stop_sandbox(process)


@pytest.fixture(scope="module")
def approved(company: Profile) -> Approved:
    """Anna plans everything, Bert approves it once, Anna applies it."""
    keys = company.data_dir.parent / "keys"
    assert company.command("identity", "key", str(keys)).returncode == 0
    by_token = {
        "REVERSE_ETL__AUTO_APPLY": "none",
        "OPERATIONS__IDENTITY": "token",
        "OPERATIONS__TOKEN_PUBLIC_KEY": str(keys / "tieout_identity_key.pub.pem"),
    }
    private = str(keys / "tieout_identity_key.pem")
    anna, bert = (
        Profile(company.data_dir, {**company.environment, **by_token, "OPERATIONS__TOKEN": token.stdout.strip()})
        for token in (company.command("identity", "token", name, "--key", private) for name in ("anna", "bert"))
    )
    planned = anna.command("plan", "--json")
    plan = json.loads(planned.stdout)
    done = bert.command("approve", plan["plan"]["plan_id"], "--reason", "checked")
    assert done.returncode == 0, done.stderr
    applied = anna.command("apply", "--json")
    assert applied.returncode in (0, 3), applied.stderr[-4000:]
    return Approved(
        plan["plan"],
        json.loads(applied.stdout),
        {order["id"]: order["erpCode"] for order in company.at_vendor("atlas_etrm", "orders")},
        Counter(invoice["externalId"] for invoice in company.at_vendor("atlas_etrm", "invoices")),
    )


@pytest.fixture(scope="module")
def forecasting(company: Profile, approved: Approved) -> Profile:
    """The company after a run that does by itself whatever the approval did not foresee."""
    first = company.run()
    assert (first["rejected"], first["unknown"]) == (0, 0)
    assert first["tie_outs"] and [name for name, tied in first["tie_outs"].items() if not tied] == []
    return company


def test_one_approval_carries_an_order_from_its_entry_to_its_end(company: Profile, approved: Approved) -> None:
    every = approved.planned["items"] + approved.planned["follow_ups"]
    assert approved.applied["sent"] == len(every)
    assert (approved.applied["rejected"], approved.applied["unknown"], approved.applied["refused"]) == (0, 0, [])
    posts = "sync_atlas_accounting__journal_entry_posts"
    foreseen = {item["order_id"] for item in approved.planned["follow_ups"] if item["sync"] == posts}
    entries = {order_id: entry for order_id, entry in _order_entries(company).items() if order_id in foreseen}
    assert entries, "orders are posted as entries here"
    for order_id, entry in entries.items():
        numbers = _numbers(entry)
        assert approved.erp_codes[order_id] == "+".join(numbers)
        assert [approved.invoices[number] for number in numbers] == [1] * len(numbers)


def _numbers(entry: dict[str, Any]) -> list[str]:
    """The entry's number; of a mixed order's, one for each side."""
    sides = [line for line in entry["lines"] if CONTROL_LINE.match(line["description"])]
    return [entry["entry_number"] + ending for ending in ([""] if len(sides) == 1 else ["-AR", "-AP"])]


def _order_entries(profile: Profile) -> dict[int, dict[str, Any]]:
    """Posted entries of orders at the vendor, by order."""
    found: dict[int, dict[str, Any]] = {}
    for entry in profile.at_vendor("atlas_accounting", "journal_entries"):
        if (key := ORDER_KEY.match(entry["description"])) is not None:
            assert entry["status"] == "posted"
            assert int(key[1]) not in found, "one entry per order"
            found[int(key[1])] = entry
    return found


def test_orders_are_posted_as_entries_and_never_as_documents_too(forecasting: Profile) -> None:
    profile = forecasting
    entries = _order_entries(profile)
    documents = Counter(
        int(key[1])
        for kind in ("invoices", "bills")
        for document in profile.at_vendor("atlas_accounting", kind)
        if (key := ORDER_KEY.match(document.get("notes") or "")) is not None
    )
    assert entries and documents, "the company has a history of documents"
    assert set(entries) & set(documents) == set(), "what has a document is not posted again"
    made = [one["path"] for one in profile.writes() if re.search("/(invoices|bills)/?$", one["path"])]
    assert made == []
    codes = {order["id"]: order["erpCode"] for order in profile.at_vendor("atlas_etrm", "orders")}
    invoices = Counter(invoice["externalId"] for invoice in profile.at_vendor("atlas_etrm", "invoices"))
    for order_id, entry in entries.items():
        numbers = _numbers(entry)
        assert codes[order_id] == "+".join(numbers)
        assert [invoices[number] for number in numbers] == [1] * len(numbers)
    waiting = profile.query("select order_id from marts.fct_orders where became = 'to_be_invoiced'")
    assert waiting == []


def test_what_is_open_by_entries_is_aged_like_documents(forecasting: Profile) -> None:
    """The books apply nothing to an entry: it stays open, and what came in is an open credit beside it."""
    entries = _order_entries(forecasting)
    rows = forecasting.query(
        "select order_id, document_number, customer_code as code, amount_open, due_date from marts.fct_receivables"
        " where document_status = 'posted' union all"
        " select order_id, document_number, vendor_code, amount_open, due_date from marts.fct_payables"
        " where document_status = 'posted'"
    )
    expected = Counter(
        (order_id, Decimal(line["amount"]), CONTROL_LINE.match(line["description"])[3])  # type: ignore[index]
        for order_id, entry in entries.items()
        for line in entry["lines"]
        if CONTROL_LINE.match(line["description"])
    )
    assert Counter((row["order_id"], row["amount_open"], row["due_date"].isoformat()) for row in rows) == expected
    assert all(row["code"] for row in rows)


def test_every_open_document_is_forecast_once_with_its_sign(forecasting: Profile) -> None:
    profile = forecasting
    expected = {}
    for entry in _order_entries(profile).values():
        for line in entry["lines"]:
            if (control := CONTROL_LINE.match(line["description"])) is not None:
                prefix, ending, sign = ("ar.", ".AR", 1) if control[1] == "customer" else ("ap.", ".AP", -1)
                expected[prefix + entry["id"] + ending] = (
                    sign * Decimal(line["amount"]),
                    entry["currency"],
                    control[3],
                )
    for kind, prefix, sign in (("invoices", "ar.", 1), ("bills", "ap.", -1)):
        for document in profile.at_vendor("atlas_accounting", kind):
            if document["status"] not in ("draft", "pending", "voided") and Decimal(document["amount_due"]):
                due = sign * Decimal(document["amount_due"])
                expected[prefix + document["id"]] = (due, document["currency"], document["due_date"])
    ours = [
        forecast
        for forecast in profile.at_vendor("atlar", "forecasted_transactions")
        if (forecast.get("externalId") or "").startswith(("ar.", "ap."))
    ]
    found = {
        forecast["externalId"]: (
            Decimal(forecast["amount"]["stringValue"]),
            forecast["amount"]["currency"],
            forecast["date"],
        )
        for forecast in ours
    }
    assert expected
    assert found == expected
    assert len(ours) == len(found)
    assert profile.at_vendor("atlar", "accounts_receivables") == []


def test_a_second_run_sends_nothing(forecasting: Profile) -> None:
    forecasting.forget_requests()
    again = forecasting.run()
    assert (again["planned"], again["sent"]) == (0, 0)
    assert forecasting.writes() == []


def test_manual_entries_are_documents_of_their_kind(forecasting: Profile) -> None:
    profile = forecasting
    documents = {
        document["provenance"]["vendorId"].removeprefix("JOURNAL_ENTRY/"): document
        for document in profile.at_vendor("atlar", "documents")
        if document["type"] in ("JOURNAL_ENTRY", "TRANSFER")
    }
    closed = profile.query("select closed_through_date as day from intermediate.int_posting__closed_through")
    bank = {row["id"] for row in profile.at_vendor("atlas_accounting", "accounts") if row["account_type"] == "bank"}
    ours = ("atlas_etrm:", "atlas_accounting:", "atlar:")
    entries = {
        entry["id"]: entry
        for entry in profile.at_vendor("atlas_accounting", "journal_entries")
        if entry["status"] in ("posted", "reversed")
        and (
            not (entry.get("description") or "").startswith(ours)
            or any(line["account_id"] in bank for line in entry["lines"])
        )
        and (closed[0]["day"] is None or entry["entry_date"] > closed[0]["day"].isoformat())
    }
    assert entries
    assert set(documents) == set(entries)
    for key, entry in entries.items():
        debit = sum(Decimal(line["amount"]) for line in entry["lines"] if line["entry_type"] == "debit")
        document = documents[key]
        assert Decimal(document["amount"]["instructedAmount"]["stringValue"]) == debit
        assert document["date"] == entry["entry_date"]
        sides = {"DEBIT": Decimal(0), "CREDIT": Decimal(0)}
        for line in document["glEntries"]:
            sides[line["type"]] += Decimal(line["amount"]["baseAmount"]["stringValue"])
        assert sides["DEBIT"] == sides["CREDIT"]
