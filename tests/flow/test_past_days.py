"""The books of a past day, from landing files alone: a receipt dated back, the work file deleted, the same answers.

The records are landed on days of their own by a clock the test holds; `tieout build` does the rest, as a person would.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.atlas_accounting import tables
from pipelines.landing import Landing
from pipelines.versions.versioning import EVERYTHING
from tests.flow.conftest import Profile

D = Decimal
CALLS = (
    "receivables_aging_as_of('2026-03-31')",
    "receivables_aging_as_of('2026-03-31', '2026-04-08')",
    "receivables_aging_as_of('2026-03-31', '2026-04-09')",
    "payables_aging_as_of('2026-04-10')",
    "payables_aging_as_of('2026-04-10', '2026-04-08')",
    "receivables_as_of('2026-03-31', '2026-04-08')",
)


class _Desk:
    """Lands what Atlas Accounting says on a day."""

    def __init__(self, data_dir: Path) -> None:
        self.day = datetime(2026, 3, 5, 8, tzinfo=UTC)
        self._landing = Landing(data_dir / "landing", data_dir / "work.duckdb", data_dir / "dlt", now=lambda: self.day)

    def land(self, table: Any, *records: dict[str, Any]) -> None:
        raws = [msgspec.Raw(json.dumps(record).encode()) for record in records]
        self._landing.land(table, raws, scope=EVERYTHING)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "data", {"COMPANY__TIME_ZONE": "Europe/Berlin"})


def _built(profile: Profile) -> None:
    done = profile.command("build", "--as-of", "2026-04-10")
    # Records alone, without the vendor's reports: nothing is red, but a missing report is told.
    assert done.returncode in (0, 3), done.stdout + done.stderr


def test_a_past_day_survives_the_deletion_of_the_work_file(profile: Profile) -> None:
    desk = _Desk(profile.data_dir)
    invoice = {
        "id": "i-1",
        "invoice_number": "INV-1",
        "customer_id": "c-1",
        "invoice_date": "2026-03-01",
        "due_date": "2026-03-20",
        "currency": "EUR",
        "status": "sent",
        "total_amount": "1000.00",
        "amount_due": "1000.00",
    }
    bill = {
        "id": "b-1",
        "bill_number": "B-1",
        "vendor_id": "v-1",
        "bill_date": "2026-02-10",
        "due_date": "2026-03-10",
        "currency": "EUR",
        "status": "approved",
        "total_amount": "900.00",
        "amount_due": "900.00",
    }
    desk.land(tables.CUSTOMERS, {"id": "c-1", "external_id": "C-1", "display_name": "Acme", "currency": "EUR"})
    desk.land(tables.VENDORS, {"id": "v-1", "external_id": "V-1", "display_name": "Wind", "currency": "EUR"})
    desk.land(tables.INVOICES, invoice)
    desk.land(tables.BILLS, bill)

    # Entered on 9 April: a receipt of 20 March. The bill is gone at the vendor on the same day.
    desk.day = datetime(2026, 4, 9, 8, tzinfo=UTC)
    desk.land(tables.INVOICES, invoice | {"status": "partial", "amount_due": "100.00"})
    desk.land(
        tables.PAYMENTS,
        {
            "id": "p-1",
            "customer_id": "c-1",
            "payment_date": "2026-03-20",
            "amount": "900.00",
            "currency": "EUR",
            "status": "completed",
            "applications": [{"invoice_id": "i-1", "amount_applied": "900.00"}],
        },
    )
    desk.land(tables.BILLS)
    _built(profile)
    before = {call: profile.query(f"from {call} order by all") for call in CALLS}
    assert [[row.get("balance", row.get("amount_open")) for row in before[call]] for call in CALLS] == [
        [D("100")],
        [D("1000")],
        [D("100")],
        [],
        [D("900")],
        [D("1000")],
    ]

    for lost in ("work.duckdb", "warehouse.duckdb"):
        (profile.data_dir / lost).unlink()
    for folder in ("snapshots", "dlt", "dbt", "landing_index"):
        shutil.rmtree(profile.data_dir / folder, ignore_errors=True)
    _built(profile)
    assert {call: profile.query(f"from {call} order by all") for call in CALLS} == before
