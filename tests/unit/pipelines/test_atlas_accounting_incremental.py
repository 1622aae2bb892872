"""Lists of Atlas Accounting by what changed: few requests, nothing lost while pages shift, deletions found."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
from virtual import VirtualClock, raws

from pipelines.atlas_accounting import incremental, tables
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_accounting.page import page_size_for
from pipelines.atlas_accounting.source import tasks
from pipelines.landing import Landing
from pipelines.reading import Reading

START = datetime(2026, 1, 1, tzinfo=UTC)


class Books:
    """One list of invoices that changes, also between two pages; sorted as asked, paged as documented or observed."""

    def __init__(self, count: int) -> None:
        self.at = START
        self.invoices: dict[str, dict[str, Any]] = {}
        self.pages: list[httpx.QueryParams] = []
        self.sorts_by_update = True
        self.ignores_sorting = False
        self.between: Callable[[], None] | None = None
        for number in range(count):
            self.put(f"i{number}")

    def put(self, invoice_id: str, total: str = "1.00", hours: float = 1) -> None:
        self.at += timedelta(hours=hours)
        old = self.invoices.get(invoice_id, {"created_at": self.at.isoformat()})
        self.invoices[invoice_id] = {
            **old,
            "id": invoice_id,
            "total_amount": total,
            "lines": [],
            "updated_at": self.at.isoformat(),
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if request.url.path.endswith("/auth/login"):
            return httpx.Response(200, json={"tokens": {"access_token": "t"}})
        sort = params["sort_by"]
        if sort == "updated_at" and not self.sorts_by_update:
            return httpx.Response(422, json={"detail": "cannot sort by updated_at"})
        self.pages.append(params)
        rows = sorted(self.invoices.values(), key=lambda row: (row[sort], row["created_at"]))
        if self.ignores_sorting:
            rows = sorted(self.invoices.values(), key=lambda row: str(row["created_at"]), reverse=True)
        body: Any
        if "offset" in params:
            body = rows[int(params["offset"]) : int(params["offset"]) + int(params["limit"])]
        else:
            page, size = int(params["page"]), int(params["page_size"])
            more = page * size < len(rows)
            body = {"items": rows[(page - 1) * size : page * size], "total": len(rows), "has_next": more}
        if self.between:
            self.between()
        return httpx.Response(200, json=body)


class Desk:
    """Reads the list as an extraction does, each time as a process of its own, by a clock that is set."""

    def __init__(self, books: Books, folder: Path, clock: VirtualClock, dialect: Any) -> None:
        self.books, self.folder, self.clock, self.dialect = books, folder, clock, dialect
        self.at = datetime(2026, 4, 10, 8, tzinfo=UTC)

    def landing(self) -> Landing:
        return Landing(self.folder / "landing", self.folder / "work.duckdb", self.folder / "dlt", lambda: self.at)

    def read(self, is_refused: bool = False, **settings: Any) -> int:
        """One extraction of the list, whose landing may be refused; the number of pages it asked for."""
        self.at += timedelta(minutes=5)
        config = AtlasAccountingConfig("https://books.test/v1", "e", "p", "c1", self.dialect, "unlimited")
        client, landing = AtlasAccountingClient(config, self.clock.clockwork(self.books)), self.landing()
        reading = Reading(landing, date(2026, 4, 10), **settings)
        (task,) = [task for task in tasks(client, reading) if task.tables == (tables.INVOICES,)]
        before = len(self.books.pages)
        for fetched in task.read():
            if is_refused:
                continue
            landing.land(fetched.table, fetched.records, scope=fetched.scope, last_wins=fetched.last_wins)
        return len(self.books.pages) - before

    def landed(self) -> dict[str, str]:
        """The latest version of each invoice that is not gone: its total."""
        found: dict[str, tuple[Any, str | None]] = {}
        for file in self.landing().files("atlas_accounting", "invoices"):
            for row in pq.read_table(file).to_pylist():
                total = None if row["_is_deleted"] else format(row["total_amount"].normalize(), "f")
                if row["id"] not in found or found[row["id"]][0] <= row["_landed_at"]:
                    found[row["id"]] = (row["_landed_at"], total)
        return {key: total for key, (_, total) in found.items() if total is not None}

    def pages_in_full(self, count: int) -> int:
        """Of a list with offsets a page that is short does not yet prove the end, nor does a full one."""
        needed = -(-count // 100)
        return needed + (self.dialect == "observed" and (count < 100 or count % 100 == 0))

    def truth(self) -> dict[str, str]:
        totals = {key: str(row["total_amount"]) for key, row in self.books.invoices.items()}
        return {key: format(Decimal(total).normalize(), "f") for key, total in totals.items()}


@pytest.fixture(params=["documented", "observed"])
def desk(tmp_path: Path, clock: VirtualClock, request: pytest.FixtureRequest) -> Callable[[int], Desk]:
    return lambda count: Desk(Books(count), tmp_path, clock, request.param)


@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 141, 200, 201, 399, 1000])
def test_when_nothing_changed_one_request_is_enough(desk: Callable[[int], Desk], count: int) -> None:
    of = desk(count)
    assert of.read() == of.pages_in_full(count)
    assert [of.read(), of.read()] == [1, 1]
    assert of.landed() == of.truth()


def test_one_request_is_enough_after_a_bulk_import_within_minutes(desk: Callable[[int], Desk]) -> None:
    of = desk(0)
    for number in range(731):
        of.books.put(f"i{number}", hours=0.0001)
    of.read()
    assert of.read() == 1


def test_a_page_size_exists_for_every_length() -> None:
    for count in range(1, 3000):
        start = max(0, count - 40)
        size = page_size_for(start, count)
        assert max(start - 1, 0) // size == (count - 1) // size
        assert 1 <= size <= 100


def test_what_changed_and_what_is_new_is_read_and_nothing_else(desk: Callable[[int], Desk]) -> None:
    of = desk(1000)
    of.read()
    of.books.put("i3", "3.33")
    of.books.put("new", "4.44")
    assert of.read() == 1
    assert (of.landed()["i3"], of.landed()["new"]) == ("3.33", "4.44")
    assert of.landed() == of.truth()


def test_many_changes_of_old_records_are_all_found(desk: Callable[[int], Desk]) -> None:
    of = desk(1000)
    of.read()
    for number in range(0, 1000, 4):
        of.books.put(f"i{number}", "2.50")
    assert of.read() <= 8
    assert of.landed() == of.truth()


def test_our_own_answers_do_not_step_over_the_changes_of_others(desk: Callable[[int], Desk]) -> None:
    of = desk(300)
    of.read()
    of.books.put("i5", "5.55", hours=24)
    of.books.put("ours", "9.99", hours=24)
    answer = msgspec.json.encode(of.books.invoices["ours"]).decode()
    of.at += timedelta(minutes=1)
    of.landing().land(tables.INVOICES, raws(answer), last_wins=True)
    of.read()
    assert of.landed()["i5"] == "5.55"


def test_a_deletion_shows_by_the_total_and_is_read_in_full(desk: Callable[[int], Desk]) -> None:
    of = desk(250)
    of.read()
    del of.books.invoices["i7"]
    of.read()
    assert "i7" not in of.landed()
    assert of.read() == 1


def test_a_deletion_that_an_insertion_hides_is_found(desk: Callable[[int], Desk]) -> None:
    of = desk(250)
    of.read()
    del of.books.invoices["i7"]
    of.books.put("new")
    of.read()
    assert of.landed() == of.truth()


@pytest.mark.parametrize("reason", ["a day passed", "asked for", "the clock was set back"])
def test_a_full_read_is_due(desk: Callable[[int], Desk], reason: str) -> None:
    of = desk(250)
    of.read()
    assert of.read() == 1
    if reason == "asked for":
        assert of.read(full_refresh=True) == 3
    else:
        of.at += timedelta(days=1) if reason == "a day passed" else -timedelta(days=2)
        assert of.read() == 3
    assert of.read() == 1


def test_a_day_given_is_read_again_from(desk: Callable[[int], Desk]) -> None:
    of = desk(1000)
    of.read()
    assert of.read(since=(START + timedelta(hours=700)).date()) >= 3


def test_a_list_that_refuses_the_order_is_read_in_full(desk: Callable[[int], Desk]) -> None:
    of = desk(250)
    of.books.sorts_by_update = False
    assert [of.read(), of.read()] == [3, 3]
    of.books.sorts_by_update = True
    of.read()
    assert of.read() == 1
    of.books.sorts_by_update = False
    del of.books.invoices["i1"]
    of.read()
    assert of.landed() == of.truth()


def test_a_vendor_that_ignores_the_order_it_never_named_is_read_in_full(tmp_path: Path, clock: VirtualClock) -> None:
    of = Desk(Books(250), tmp_path, clock, "observed")
    of.books.ignores_sorting = True
    assert [of.read(), of.read()] == [3, 3]
    of.books.put("i3", "3.33")
    del of.books.invoices["i9"]
    of.read()
    assert of.landed() == of.truth()


def test_a_refused_record_does_not_make_every_read_a_full_one(desk: Callable[[int], Desk]) -> None:
    of = desk(250)
    of.books.invoices["i9"]["total_amount"] = "NaN"
    of.read()
    assert [of.read(), of.read()] == [1, 1]


def test_a_full_read_whose_landing_was_refused_does_not_count(desk: Callable[[int], Desk]) -> None:
    of = desk(250)
    of.read()
    for number in range(100):
        del of.books.invoices[f"i{number}"]
    of.read(is_refused=True)
    assert len(of.landed()) == 250
    of.read()
    assert of.landed() == of.truth()


@pytest.mark.parametrize("seed", range(5))
def test_pages_that_shift_while_reading_lose_nothing(desk: Callable[[int], Desk], seed: int) -> None:
    """Promise 7: changes, additions and deletions between the pages; two quiet reads later landing equals the list."""
    chance = random.Random(seed)
    of = desk(chance.choice([150, 320]))
    of.read()

    def disturb() -> None:
        what = chance.random()
        known = sorted(of.books.invoices)
        if what < 0.35:
            of.books.put(chance.choice(known), f"{chance.randint(2, 99)}.10", hours=chance.choice([0.001, 1]))
        elif what < 0.5:
            of.books.put(f"n{len(known)}{chance.random()}", "7.10", hours=0.01)
        elif what < 0.6:
            del of.books.invoices[chance.choice(known)]

    for _ in range(130):
        disturb()
    of.books.between = disturb
    of.read()
    of.read()
    of.books.between = None
    unseen = {key for key, total in of.truth().items() if of.landed().get(key) != total}
    of.read()
    of.read()
    assert of.landed() == of.truth(), f"seed {seed}: {len(unseen)} were behind before the quiet read"


def test_a_crash_before_the_cursor_is_landed_repeats_the_read(desk: Callable[[int], Desk]) -> None:
    of = desk(120)
    of.read()
    of.books.put("i1", "8.88", hours=48)
    for file in of.landing().files("atlas_accounting", "list_reads")[1:]:
        file.unlink()
    of.read()
    assert of.landed()["i1"] == "8.88"


def test_the_cursor_is_landed_only_when_it_moves(desk: Callable[[int], Desk]) -> None:
    of = desk(120)
    of.read()
    position = of.landing().position()
    of.read()
    assert of.landing().position() == position


def test_a_time_without_a_zone_is_utc() -> None:
    assert incremental.newest(raws('{"updated_at":"2026-03-29T01:59:59"}', '{"updated_at":"x"}', "[]")) == datetime(
        2026, 3, 29, 1, 59, 59, tzinfo=UTC
    )
