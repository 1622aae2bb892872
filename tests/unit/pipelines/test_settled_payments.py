"""Payments of settled invoices are read once a day; tombstones come of a reading of every invoice alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines.atlas_etrm import source, tables
from pipelines.landing import Landing
from pipelines.reading import Reading
from pipelines.tasks import Tally, read_system


class Desk:
    """ATLAS ETRM with invoices and their payments, and nothing else."""

    all_counterparties = all_orders = all_order_items = all_deals = custom_field_types = list

    def __init__(self) -> None:
        self.invoices = {9: ("100.00", True), 10: ("50.00", False), 11: ("7.00", True)}
        self.payments = {1: (9, "60.00"), 2: (9, "40.00"), 3: (10, "20.00"), 4: (11, "6.99")}
        self.asked: list[list[int]] = []

    def all_invoices(self) -> list[msgspec.Raw]:
        return raws(
            *(
                f'{{"id": {number}, "amount": {amount}, "isPaid": {str(is_paid).lower()}}}'
                for number, (amount, is_paid) in self.invoices.items()
            )
        )

    def payments_of_invoices(self, ids: Sequence[int]) -> list[msgspec.Raw]:
        self.asked.append(list(ids))
        return raws(
            *(
                f'{{"id": {number}, "invoiceId": {invoice}, "amount": {amount}}}'
                for number, (invoice, amount) in self.payments.items()
                if invoice in ids
            )
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def read(desk: Desk, landing: Landing) -> Iterator[Any]:
    """Reads and lands invoices and payments; everything was read once before."""

    def once(**how: Any) -> dict[str, int]:
        reading = Reading(landing, date(2026, 4, 10), **how)
        task = next(task for task in source.tasks(desk, reading) if tables.PAYMENTS in task.tables)  # type: ignore[arg-type]
        tally = Tally()
        read_system("atlas_etrm", [task], landing, tally, _Quiet())
        return tally.rows

    assert once() == {"atlas_etrm.invoices": 3, "atlas_etrm.payments": 4}
    assert desk.asked.pop() == [9, 10, 11]
    yield once


class _Quiet:
    def start(self, system: str, total_tables: int) -> None: ...

    def advance(self, system: str, table: str, rows: int) -> None: ...

    def finish(self, system: str) -> None: ...


def living(landing: Landing) -> dict[int, int]:
    """The invoice of each payment that is not gone, as landed."""
    latest: dict[int, dict[str, Any]] = {}
    for file in landing.files("atlas_etrm", "payments"):
        latest |= {row["id"]: row for row in pq.read_table(file).to_pylist()}
    return {number: row["invoice_id"] for number, row in latest.items() if not row["_is_deleted"]}


def test_a_settled_invoice_is_not_asked_for_again_but_one_a_cent_short_is(read: Any, desk: Desk) -> None:
    assert read() == {}
    assert desk.asked == [[10, 11]]


def test_a_payment_that_settles_an_invoice_lands_with_it(read: Any, desk: Desk) -> None:
    desk.invoices[10], desk.payments[5] = ("50.00", True), (10, "30.00")
    assert read() == {"atlas_etrm.invoices": 1, "atlas_etrm.payments": 1}
    assert read() == {}
    assert desk.asked == [[10, 11], [11]]


def test_an_invoice_that_is_open_again_is_asked_for_again(read: Any, desk: Desk) -> None:
    desk.invoices[9] = ("100.00", False)
    del desk.payments[2]
    assert read() == {"atlas_etrm.invoices": 1, "atlas_etrm.payments": 1}
    assert desk.asked == [[9, 10, 11], [9, 10, 11]]


@pytest.mark.parametrize("moved_to", [9, None])
def test_what_an_open_invoice_no_longer_shows_is_sought_at_all_of_them(
    read: Any, desk: Desk, landing: Landing, moved_to: int | None
) -> None:
    _, amount = desk.payments.pop(3)
    if moved_to is not None:
        desk.payments[3] = (moved_to, amount)
    assert read() == {"atlas_etrm.payments": 1}
    assert desk.asked == [[10, 11], [9, 10, 11]]
    assert living(landing).get(3) == moved_to


@pytest.mark.parametrize("number", [9, 10])
def test_payments_of_an_invoice_that_is_gone_are_gone(read: Any, desk: Desk, landing: Landing, number: int) -> None:
    del desk.invoices[number]
    read()
    assert number not in living(landing).values()


def test_what_changes_after_settlement_shows_within_a_day(read: Any, desk: Desk, landing: Landing) -> None:
    desk.payments[1] = (9, "55.00")
    assert read() == {}
    later = landing.now() + timedelta(days=1)
    landing._now = lambda: later
    assert read() == {"atlas_etrm.payments": 1}
    assert read() == {}
    assert desk.asked == [[10, 11], [9, 10, 11], [9, 10, 11]], "95.00 no longer cover the invoice"


@pytest.mark.parametrize("how", [{"full_refresh": True}, {"since": date(2026, 1, 1)}], ids=str)
def test_who_asks_for_everything_gets_everything(read: Any, desk: Desk, how: dict[str, Any]) -> None:
    desk.payments[1] = (9, "55.00")
    assert read(**how) == {"atlas_etrm.payments": 1}
    assert desk.asked == [[9, 10, 11]]


def test_a_landing_that_died_before_the_payments_asks_for_them_again(
    read: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.invoices[10], desk.payments[5] = ("50.00", True), (10, "30.00")
    with monkeypatch.context() as patched, pytest.raises(ConnectionError):
        patched.setattr(desk, "payments_of_invoices", _dies)
        read()
    assert read() == {"atlas_etrm.payments": 1}


def _dies(ids: Sequence[int]) -> list[msgspec.Raw]:
    raise ConnectionError
