"""What carries Atlar's cash forecast where the settings say forecasted transactions: signed, once, and at rest."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.flow.conftest import UNLIMITED, Profile, start_sandbox, stop_sandbox


@pytest.fixture(scope="module")
def forecasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """A small company whose treasury wants forecasted transactions."""
    folder: Path = tmp_path_factory.mktemp("forecasting")
    profile = Profile(folder, {"SOURCES__ATLAR__AP_AR_MODE": "forecasted_transactions"})
    process = start_sandbox(folder, *UNLIMITED, "--scale", "0.1")
    try:
        first = profile.run()
        assert (first["rejected"], first["unknown"]) == (0, 0)
        yield profile
    finally:
        stop_sandbox(process)


def test_every_open_document_is_forecast_once_with_its_sign(forecasting: Profile) -> None:
    profile = forecasting
    expected = {}
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
    closed = profile.query("select max(closed_through_date) as day from staging.stg_atlas_accounting__companies")
    entries = {
        entry["id"]: entry
        for entry in profile.at_vendor("atlas_accounting", "journal_entries")
        if entry["status"] in ("posted", "reversed")
        and "atlas_etrm:" not in (entry.get("description") or "")
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
