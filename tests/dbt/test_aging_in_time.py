"""Promise 16: an item is in the same bucket for the same stated zone, whatever the hour, the machine or DuckDB's zone.

From the instant of a run to `fct_receivables`: the instant gives the business date in the company's zone, that date is
the run parameter, and the models know no other. They are built once; for each further date the same compiled SQL runs
again in their order, which takes a tenth of a second instead of ten.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from raw_fixture import RawFixture, build

from tieout.settings import Paths, Settings

MARTS = ("fct_receivables", "fct_payables", "fct_receivables_aging", "fct_payables_aging")

DAYS = {
    "summer time begins in Europe": ("Europe/Stockholm", date(2026, 3, 29)),
    "summer time ends in Europe": ("Europe/Stockholm", date(2026, 10, 25)),
    "summer time ends in America": ("America/St_Johns", date(2026, 11, 1)),
    "28 February": ("Europe/Stockholm", date(2027, 2, 28)),
    "29 February": ("Europe/Stockholm", date(2028, 2, 29)),
    "the end of a month": ("UTC", date(2026, 4, 30)),
    "the end of a year": ("Europe/Stockholm", date(2026, 12, 31)),
    "the end of a year, first": ("Pacific/Kiritimati", date(2026, 12, 31)),
    "the end of a year, last": ("Etc/GMT+12", date(2026, 12, 31)),
}

# First and last second of those days in UTC, worked out by hand.
SECONDS = {
    "summer time begins in Europe": ("2026-03-28T23:00:00", "2026-03-29T21:59:59"),  # a day of 23 hours
    "summer time ends in Europe": ("2026-10-24T22:00:00", "2026-10-25T22:59:59"),  # one of 25
    "summer time ends in America": ("2026-11-01T02:30:00", "2026-11-02T03:29:59"),
    "28 February": ("2027-02-27T23:00:00", "2027-02-28T22:59:59"),
    "29 February": ("2028-02-28T23:00:00", "2028-02-29T22:59:59"),
    "the end of a month": ("2026-04-30T00:00:00", "2026-04-30T23:59:59"),
    "the end of a year": ("2026-12-30T23:00:00", "2026-12-31T22:59:59"),
    "the end of a year, first": ("2026-12-30T10:00:00", "2026-12-31T09:59:59"),
    "the end of a year, last": ("2026-12-31T12:00:00", "2027-01-01T11:59:59"),
}

EDGES = (-1, 0, 1, 30, 31, 60, 61, 90, 91, 120, 121)
BUCKETS = ((0, "not_due"), (30, "1_30"), (60, "31_60"), (90, "61_90"), (120, "91_120"), (10**6, "over_120"))


def bucket(days: int) -> str:
    return next(name for last, name in BUCKETS if days <= last)


def due_dates() -> list[date]:
    near = {day + timedelta(days=shift) for _, day in DAYS.values() for shift in (-1, 0, 1)}
    return sorted({day - timedelta(days=days) for day in near for days in EDGES})


def document(number: int, due: date, **members: Any) -> dict[str, Any]:
    amounts = {"total_amount": "10.00", "amount_paid": "0.00", "amount_due": "10.00"}
    shared = {"company_id": "co", "due_date": due, "currency": "EUR", "subtotal": "10.00", "tax_amount": "0.00"}
    return {"id": f"d{number}", **shared, **amounts, **members}


@dataclass
class Books:
    """The models of receivables and payables, built, and their SQL in order."""

    path: Path
    statements: list[tuple[str, str]]

    def buckets(self, as_of: date, zone: str) -> dict[str, dict[date, tuple[str, int]]]:
        """Bucket and days past due by due date, per side, as of a date, in a session of some zone."""
        with duckdb.connect(str(self.path)) as work:
            work.execute(f"set TimeZone = '{zone}'")
            work.execute("update raw_operations.run_parameters set as_of_date = ?", [as_of])
            for relation, sql in self.statements:
                work.execute(f"create or replace table {relation} as {sql}")
            found = {}
            for side in ("receivables", "payables"):
                rows = work.sql(f"select due_date, aging_bucket, days_past_due from marts.fct_{side}").fetchall()
                found[side] = {due: (name, days) for due, name, days in rows}
                totals = work.sql(
                    f"select sum(not_due), sum(days_1_30), sum(days_31_60), sum(days_61_90), sum(days_91_120), "
                    f"sum(days_over_120), count(distinct as_of_date), min(as_of_date) from marts.fct_{side}_aging"
                ).fetchall()
                counts = [sum(10 for name, _ in found[side].values() if name == wanted) for _, wanted in BUCKETS]
                assert totals == [(*counts, 1, as_of)]
            return found


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    folder = tmp_path_factory.mktemp("aging")
    path, target = folder / "work.duckdb", folder / "target"
    with RawFixture(path) as raw:
        raw.insert("atlas_accounting.customers", [{"id": "c", "display_name": "Customer", "currency": "EUR"}])
        raw.insert("atlas_accounting.vendors", [{"id": "v", "display_name": "Vendor", "currency": "EUR"}])
        early = date(2020, 1, 1)
        raw.insert(
            "atlas_accounting.invoices",
            [
                document(number, due, customer_id="c", invoice_date=early, status="sent", invoice_number=f"I-{number}")
                for number, due in enumerate(due_dates())
            ],
        )
        raw.insert(
            "atlas_accounting.bills",
            [
                document(number, due, vendor_id="v", bill_date=early, status="approved", bill_number=f"B-{number}")
                for number, due in enumerate(due_dates())
            ],
        )
    selected = [f"+{name}" for name in MARTS]
    build(path, "--select", *selected, "--exclude-resource-type", "test", "unit_test", target=target)
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    results = json.loads((target / "run_results.json").read_text())["results"]
    ran = [nodes[each["unique_id"]] for each in results if each["unique_id"].startswith("model.")]
    moved = {"model.tieout.stg_operations__run_parameters"}
    statements = []
    for node in ran:  # in the order they were built
        if node["unique_id"] in moved or moved & set(node["depends_on"]["nodes"]):
            moved.add(node["unique_id"])
            compiled = (target / "compiled" / "tieout" / node["original_file_path"]).read_text()
            statements.append((node["relation_name"], compiled))
    assert {f"model.tieout.{name}" for name in MARTS} < moved
    return Books(path, statements)


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine and of DuckDB's session: nothing may depend on either."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.delenv("TZ")
    time.tzset()


def business_date(zone: str, instant: datetime) -> date:
    told: dict[str, Any] = {"company.time_zone": zone}
    return Settings("live", Paths(Path("unused")), told.get).business_date(instant)


@pytest.mark.parametrize("what", DAYS)
def test_a_bucket_changes_at_midnight_of_the_companys_zone_and_at_no_other_hour(
    books: Books, machine_zone: str, what: str
) -> None:
    zone, day = DAYS[what]
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in SECONDS[what])
    second = timedelta(seconds=1)
    moments = {
        first - second: day - timedelta(days=1),
        first: day,
        first + (last - first) / 2: day,
        last: day,
        last + second: day + timedelta(days=1),
    }
    for instant, expected in moments.items():
        assert business_date(zone, instant) == expected
    for skew in (timedelta(hours=-12), timedelta(hours=12)):  # another zone's clock shows the same moment
        assert business_date(zone, last.astimezone(timezone(skew))) == day
    for as_of in sorted(set(moments.values())):
        found = books.buckets(as_of, machine_zone)
        for side in ("receivables", "payables"):
            assert found[side] == {due: (bucket((as_of - due).days), (as_of - due).days) for due in due_dates()}


@pytest.mark.parametrize("what", DAYS)
def test_the_edges_of_every_bucket_are_days_of_the_calendar(books: Books, what: str) -> None:
    """Across a night of 23 or 25 hours, a leap day, a month and a year: a day is a day."""
    _, day = DAYS[what]
    found = books.buckets(day, "UTC")["receivables"]
    edges = [found[day - timedelta(days=days)][0] for days in EDGES]
    assert edges == [
        *("not_due", "not_due", "1_30", "1_30", "31_60", "31_60", "61_90", "61_90", "91_120", "91_120", "over_120")
    ]
