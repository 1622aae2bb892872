"""Promise 17: the same file twice, or a day in two reports, lands once; genuine equal bookings all land."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.atlar import tables
from pipelines.atlar.reports import _Found, _keep, _Rows
from pipelines.atlar.reports_known import KnownBookings
from pipelines.atlar.statements import parse_statements
from pipelines.landing import Landing

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "statements"

HEAD = """:20:A
:25:NL69INGB0123456789
:28C:{number}
:60F:C260330EUR{opening}
"""


def mt940(number: int, opening: str, entries: list[str], closing: str, day: str = "260331") -> bytes:
    lines = "".join(f":61:{entry}\n:86:rent\n" for entry in entries)
    return f"{HEAD.format(number=number, opening=opening)}{lines}:62F:C{day}EUR{closing}\n".encode()


RENT = "2603310331D10,00NTRFNONREF"
OTHER = "2603310331D7,00NTRFNONREF"
NEXT_DAY = "2604010401D5,00NTRFNONREF"


def land(landing: Landing, files: dict[str, bytes], account: str = "acc") -> _Rows:
    """Lands statements as an extraction of its own would, knowing only what is in landing/."""
    known, rows = KnownBookings.landed(landing), _Rows()
    for name, content in files.items():
        record = {"connectionId": "con", "id": name, "accountId": account}
        for statement in parse_statements(content):
            _keep(rows, _Found(record, statement, content), known)
    entries = list(rows.entries.values())
    assert landing.land(tables.BANK_STATEMENT_ENTRIES, entries, buried=rows.buried).quarantined == 0
    assert landing.land(tables.BANK_STATEMENTS, rows.statements).quarantined == 0
    return rows


def shape(rows: _Rows) -> tuple[int, int, int]:
    return len(rows.statements), len(rows.entries), rows.repeated


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
@pytest.mark.parametrize("together", [True, False])
def test_the_same_file_under_another_name_lands_once(landing: Landing, name: str, together: bool) -> None:
    content = (FILES / name).read_bytes()
    entries = sum(len(each.entries) for each in parse_statements(content))
    if together:
        assert shape(land(landing, {"s1": content, "s2": content})) == (1, entries, 1)
    else:
        assert shape(land(landing, {"s1": content})) == (1, entries, 0)
        assert shape(land(landing, {"s2": content})) == (0, 0, 1)
        assert shape(land(landing, {"s1": content})) == (1, entries, 0), "read again after a crash: the same rows"


def test_two_equal_bookings_in_one_statement_stay_two(landing: Landing) -> None:
    assert shape(land(landing, {"s1": mt940(1, "100,00", [RENT, RENT], "80,00")})) == (1, 2, 0)
    assert landing.latest(tables.BANK_STATEMENT_ENTRIES).num_rows == 2


def test_overlapping_days_from_two_reports_land_once(landing: Landing) -> None:
    land(landing, {"s1": mt940(1, "100,00", [RENT, RENT, OTHER], "73,00")})
    rows = land(landing, {"s2": mt940(2, "90,00", [RENT, OTHER, NEXT_DAY], "68,00", "260401")})
    assert shape(rows) == (1, 1, 0)
    assert b'"amount":"-5.00"' in re.sub(rb": ", b":", bytes(next(iter(rows.entries.values()))))
    assert b'"repeatedEntryCount":2' in re.sub(rb": ", b":", bytes(rows.statements[0]))
    assert landing.latest(tables.BANK_STATEMENT_ENTRIES).num_rows == 4


def test_a_third_equal_booking_in_a_later_report_is_new(landing: Landing) -> None:
    land(landing, {"s1": mt940(1, "100,00", [RENT], "90,00")})
    rows = land(landing, {"s2": mt940(1, "100,00", [RENT, RENT, RENT], "70,00")})
    assert shape(rows) == (1, 2, 0)


def test_a_statement_that_follows_on_another_has_bookings_of_its_own(landing: Landing) -> None:
    land(landing, {"morning": mt940(1, "100,00", [RENT], "90,00")})
    assert shape(land(landing, {"noon": mt940(2, "90,00", [RENT], "80,00")})) == (1, 1, 0)
    assert landing.latest(tables.BANK_STATEMENT_ENTRIES).num_rows == 2


def test_an_intraday_report_and_the_days_statement_land_each_booking_once(landing: Landing) -> None:
    land(landing, {"intraday": (FILES / "camt052_08.xml").read_bytes()})
    rows = land(landing, {"day": (FILES / "camt053_08.xml").read_bytes()})
    assert shape(rows) == (1, 0, 0)


def test_two_accounts_never_share_a_booking(landing: Landing) -> None:
    content = mt940(1, "100,00", [RENT], "90,00")
    land(landing, {"s1": content}, account="a")
    assert shape(land(landing, {"s2": content}, account="b")) == (1, 1, 0)
