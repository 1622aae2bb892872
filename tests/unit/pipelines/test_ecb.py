"""Reference rates of the European Central Bank: the wide CSV, zipped or not, when it is asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from virtual import VirtualClock

from pipelines import quarantine
from pipelines.ecb.client import EcbClient, EcbConfig
from pipelines.ecb.rates import parse_rates
from pipelines.ecb.source import tasks
from pipelines.ecb.tables import REFERENCE_RATES
from pipelines.landing import Landing
from pipelines.reading import Reading
from pipelines.transport import errors
from tieout.settings import Paths, Settings

HISTORY = """Date,USD,JPY,CYP,
2026-04-10,1.1684,186.75,N/A,
2026-04-09,1.1650,186.123456,N/A,
1999-01-04,1.1789,133.73,0.58231,
"""


def zipped(name: str = "eurofxref-hist.csv", content: str = HISTORY) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


class Bank:
    def __init__(self, content: bytes | int = HISTORY.encode()) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if isinstance(self.content, int):
            return httpx.Response(self.content)
        return httpx.Response(200, content=self.content)


@pytest.fixture
def read(landing: Landing, clock: VirtualClock) -> Callable[..., list[str]]:
    """Reads and lands as an extraction does; the findings."""

    def run(bank: Bank, as_of: date = date(2026, 4, 10), **settings: Any) -> list[str]:
        reading = Reading(landing, as_of, **settings)
        client = EcbClient(EcbConfig("https://ecb.test/stats/eurofxref-hist.csv?v=1"), clock.clockwork(bank))
        for task in tasks(client, reading):
            for fetched in task.read():
                landing.land(fetched.table, fetched.records, scope=fetched.scope, refused=fetched.misfits)
        return reading.findings

    return run


def landed(landing: Landing) -> dict[tuple[str, str], str]:
    rows = [row for file in landing.files("ecb", "reference_rates") for row in pq.read_table(file).to_pylist()]
    return {(str(row["rate_date"]), row["currency_code"]): format(row["units_per_eur"], "f") for row in rows}


@pytest.mark.parametrize("content", [HISTORY.encode(), b"\xef\xbb\xbf" + HISTORY.encode(), zipped()])
def test_the_published_file_lands_digit_by_digit(
    landing: Landing, read: Callable[..., list[str]], content: bytes
) -> None:
    bank = Bank(content)
    assert read(bank) == []
    assert bank.asked == ["https://ecb.test/stats/eurofxref-hist.csv?v=1"]
    assert landed(landing) == {
        ("2026-04-10", "USD"): "1.1684000000",
        ("2026-04-10", "JPY"): "186.7500000000",
        ("2026-04-09", "USD"): "1.1650000000",
        ("2026-04-09", "JPY"): "186.1234560000",
        ("1999-01-04", "USD"): "1.1789000000",
        ("1999-01-04", "JPY"): "133.7300000000",
        ("1999-01-04", "CYP"): "0.5823100000",
    }


def test_nothing_is_asked_once_the_business_date_has_its_rates(read: Callable[..., list[str]]) -> None:
    bank = Bank()
    read(bank)
    read(bank)
    assert len(bank.asked) == 1
    read(bank, date(2026, 4, 13))
    assert len(bank.asked) == 2
    read(bank, full_refresh=True)
    assert len(bank.asked) == 3


def test_a_corrected_rate_is_a_version_and_a_day_left_out_keeps_its_rate(
    landing: Landing, read: Callable[..., list[str]]
) -> None:
    read(Bank())
    read(Bank(b"Date,USD\n2026-04-13,1.17\n2026-04-09,1.1651\n1999-01-04,9.9\n"), date(2026, 4, 13))
    assert landed(landing)["2026-04-09", "USD"] == "1.1651000000"
    assert landed(landing)["1999-01-04", "USD"] == "1.1789000000", "only the last two weeks are read again"
    assert not any(landing.latest(REFERENCE_RATES)["_is_deleted"].to_pylist())


def test_a_day_that_has_not_come_is_refused_and_does_not_end_the_asking(
    landing: Landing, read: Callable[..., list[str]]
) -> None:
    read(Bank(b"Date,USD\n2062-04-10,1.2\n2026-04-09,1.1\n"))
    assert landed(landing) == {("2026-04-09", "USD"): "1.1000000000"}
    (refusal,) = quarantine.open_refusals(landing)
    assert (refusal.record_key, refusal.reason) == ("2062-04-10", "a day that has not come yet")
    again = Bank()
    read(again)
    assert len(again.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        500,
        404,
        b"<html>maintenance</html>",
        b"",
        b"\xff\xfe\x00",
        b"PK\x03\x04broken",
        zipped("readme.txt"),
        zipped("a.csv", ""),
    ],
)
def test_a_bank_that_does_not_answer_is_a_finding(
    landing: Landing, read: Callable[..., list[str]], content: bytes | int
) -> None:
    (finding,) = read(Bank(content))
    assert finding.startswith("ecb: the reference rates could not be read")
    assert landed(landing) == {}


def test_what_is_no_rate_is_refused_and_the_others_land() -> None:
    rates = parse_rates("Date, USD, JPY, SEK, XXXX, \n02 January 2024, 1.0956, 0, x, 5\nsoon,1,2,3\n")
    assert [bytes(record) for record in rates.records] == [
        b'{"rate_date":"2024-01-02","currency_code":"USD","units_per_eur":"1.0956"}'
    ]
    assert [(misfit.record_key, misfit.reason) for misfit in rates.misfits] == [
        ("2024-01-02|JPY", "not a positive rate"),
        ("2024-01-02|SEK", "not a positive rate"),
        ("soon", "not a date"),
    ]


def test_a_zip_bomb_is_refused(clock: VirtualClock) -> None:
    bomb = zipped(content="0" * (64 * 1024 * 1024 + 1))
    assert len(bomb) < 100_000
    with pytest.raises(errors.UnexpectedAnswer, match="unpack to more"):
        EcbClient(EcbConfig("https://ecb.test/x.zip"), clock.clockwork(Bank(bomb))).reference_rates()


@pytest.mark.parametrize("url", ["ftp://ecb.test/x", "eurofxref-hist.csv", "https://"])
def test_an_address_that_is_none_names_the_setting(url: str) -> None:
    with pytest.raises(errors.SettingRefused, match="SOURCES__ECB__URL"):
        EcbClient(EcbConfig(url))


def test_without_the_setting_there_is_no_client() -> None:
    told: dict[str, str] = {}
    settings = Settings("live", Paths(Path("unused")), told.get)
    assert settings.ecb() is None
    told["sources.ecb.url"] = "https://ecb.test/x"
    assert settings.ecb() == EcbConfig("https://ecb.test/x")
