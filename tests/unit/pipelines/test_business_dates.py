"""Promise 16: the same event has the same business date in every zone a process may run in, at every odd hour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines.atlar.statements import parse_statements
from pipelines.atlas_accounting.source import profit_loss_periods
from pipelines.atlas_etrm.tables import ORDERS
from pipelines.landing import Landing
from tieout.settings import Paths, Settings


@pytest.fixture(params=["UTC", "Europe/Stockholm", "Pacific/Kiritimati", "Etc/GMT+12", "America/St_Johns"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine, from UTC+14 to UTC-12: nothing may depend on it."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.delenv("TZ")
    time.tzset()


def business_date(zone: str, instant: str) -> str:
    told: dict[str, Any] = {"company.time_zone": zone}
    settings = Settings("live", Paths(Path("unused")), told.get)
    return settings.business_date(datetime.fromisoformat(instant).replace(tzinfo=UTC)).isoformat()


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", "2026-03-31T23:59:59", "2026-03-31"),
        ("Europe/Stockholm", "2026-03-31T21:59:59", "2026-03-31"),
        ("Europe/Stockholm", "2026-03-31T23:59:59", "2026-04-01"),
        # The night summer time begins: the day has 23 hours, from 23:00 to 22:00 UTC.
        ("Europe/Stockholm", "2026-03-28T22:59:59", "2026-03-28"),
        ("Europe/Stockholm", "2026-03-28T23:00:00", "2026-03-29"),
        ("Europe/Stockholm", "2026-03-29T21:59:59", "2026-03-29"),
        ("Europe/Stockholm", "2026-03-29T22:00:00", "2026-03-30"),
        # The night it ends: 25 hours, and 02:30 comes twice.
        ("Europe/Stockholm", "2026-10-24T21:59:59", "2026-10-24"),
        ("Europe/Stockholm", "2026-10-24T22:00:00", "2026-10-25"),
        ("Europe/Stockholm", "2026-10-25T00:30:00", "2026-10-25"),
        ("Europe/Stockholm", "2026-10-25T01:30:00", "2026-10-25"),
        ("Europe/Stockholm", "2026-10-25T22:59:59", "2026-10-25"),
        ("Europe/Stockholm", "2026-10-25T23:00:00", "2026-10-26"),
        ("Europe/Stockholm", "2028-02-28T23:00:00", "2028-02-29"),
        ("Europe/Stockholm", "2028-02-29T23:00:00", "2028-03-01"),
        ("Europe/Stockholm", "2027-02-28T23:00:00", "2027-03-01"),
        ("Europe/Stockholm", "2026-12-31T23:00:00", "2027-01-01"),
        ("Pacific/Kiritimati", "2026-12-31T10:00:00", "2027-01-01"),
        ("Etc/GMT+12", "2027-01-01T11:59:59", "2026-12-31"),
        ("America/New_York", "2026-11-01T03:59:59", "2026-10-31"),
    ],
)
def test_the_business_date_is_the_day_in_the_companys_zone(zone: str, instant: str, day: str) -> None:
    assert business_date(zone, instant) == day


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29T02:30:00", date(2026, 3, 29)),  # an hour that Stockholm does not have
        ("2026-10-25T02:30:00", date(2026, 10, 25)),  # one it has twice
        ("2026-03-31T23:59:59", date(2026, 3, 31)),
        ("2026-12-31T00:00:00", date(2026, 12, 31)),
        ("2028-02-29", date(2028, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31T23:59:59", date(9999, 12, 31)),
    ],
)
def test_a_date_without_a_zone_lands_as_that_day(landing: Landing, text: str, day: date) -> None:
    landing.land(ORDERS, raws(f'{{"id":1,"registrationDate":"{text}"}}'))
    (file,) = landing.files("atlas_etrm", "orders")
    assert pq.read_table(file)["registration_date"].to_pylist() == [day]


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize("text", ["2026-03-31T23:59:59Z", "2026-03-31T23:59:59+02:00", "2027-02-29", "2026-13-01"])
def test_what_is_no_day_is_quarantined_not_guessed(landing: Landing, text: str) -> None:
    landed = landing.land(ORDERS, raws(f'{{"id":1,"registrationDate":"{text}"}}', '{"id":2}'))
    assert (landed.rows, landed.quarantined) == (1, 1)


CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
  <Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id><Ccy>SEK</Ccy></Acct>
  <Ntry><Amt Ccy="SEK">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
    <BookgDt>{booked}</BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"""


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize(
    ("booked", "day"),
    [
        ("<Dt>2028-02-29</Dt>", date(2028, 2, 29)),
        ("<DtTm>2026-03-31T23:59:59</DtTm>", date(2026, 3, 31)),
        ("<DtTm>2026-03-31T23:59:59+02:00</DtTm>", date(2026, 3, 31)),
        ("<DtTm>2026-12-31T23:59:59Z</DtTm>", date(2026, 12, 31)),
        ("<DtTm>2026-10-25T02:30:00+01:00</DtTm>", date(2026, 10, 25)),
    ],
)
def test_a_booking_day_is_the_banks_own(booked: str, day: date) -> None:
    (statement,) = parse_statements(CAMT.format(booked=booked).encode())
    assert statement.entries[0].members["bookingDate"] == day.isoformat()


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize(
    ("dates", "value_date", "booking_date"),
    [
        ("2512310102", "2025-12-31", "2026-01-02"),
        ("2601021231", "2026-01-02", "2025-12-31"),
        ("2802290229", "2028-02-29", "2028-02-29"),
        ("260329", "2026-03-29", "2026-03-29"),
    ],
)
def test_a_booking_day_without_a_year_belongs_to_the_nearest(dates: str, value_date: str, booking_date: str) -> None:
    file = f":20:A\n:25:NL69INGB0123456789\n:28C:1\n:60F:C251231EUR0,\n:61:{dates}C1,NTRFX\n:62F:C260102EUR1,\n"
    (statement,) = parse_statements(file.encode())
    members = statement.entries[0].members
    assert (members["valueDate"], members["bookingDate"]) == (value_date, booking_date)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2028, 2, 29), (date(2028, 2, 1), date(2028, 2, 29))),
        (date(2027, 2, 28), (date(2027, 2, 1), date(2027, 2, 28))),
        (date(2026, 12, 31), (date(2026, 12, 1), date(2026, 12, 31))),
        (date(2027, 1, 1), (date(2027, 1, 1), date(2027, 1, 1))),
    ],
)
def test_report_periods_end_where_the_month_does(as_of: date, last: tuple[date, date]) -> None:
    periods = profit_loss_periods(as_of)
    assert periods[-1] == last
    months = periods if as_of.month == 1 else periods[1:]
    assert all((after[0] - before[1]).days == 1 for before, after in pairwise(months))
