"""What is read from Atlas Accounting, and the dlt source of its raw tables.

In: a client and the landing folder. Out: `tasks` (the lists, the dated reports) and `source`.
A list is read by what changed, and in full once a day, on `full_refresh`, and where it does not sort by `updated_at`:
only a full read can tell what was deleted.
What does not belong here: requests and paging (`client.py`, `paging.py`), what changed (`pipelines/landing.py`).
"""

from __future__ import annotations

import calendar
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.compute as pc

from pipelines.atlas_accounting import incremental, tables
from pipelines.atlas_accounting.client import AtlasAccountingClient
from pipelines.atlas_accounting.paging import Listing
from pipelines.loading import by_dlt, load_tables
from pipelines.raw_table import RawTable
from pipelines.reading import Fetched, Reading, Task
from pipelines.versions.versioning import EVERYTHING

_LISTS = (
    tables.ACCOUNTS,
    tables.CUSTOMERS,
    tables.VENDORS,
    tables.INVOICES,
    tables.BILLS,
    tables.JOURNAL_ENTRIES,
)
_OPTIONAL_LISTS = (tables.PAYMENTS, tables.PAYMENTS_MADE)

_NO_PAYMENTS = "Applied amounts are then known only from the documents' own totals."
_NO_REPORT = "The control totals against this report are left out."


def tasks(client: AtlasAccountingClient, reading: Reading) -> list[Task]:
    """The reads of one extraction: of each list what changed, or a page per 100 records, and a report per date."""
    return [
        Task((tables.COMPANIES,), lambda: _company(client)),
        *(_list(client, reading, table) for table in _LISTS),
        *(_optional_list(client, reading, table) for table in _OPTIONAL_LISTS),
        Task(
            (tables.TRIAL_BALANCE,),
            lambda: _report(reading, tables.TRIAL_BALANCE, lambda: [client.trial_balance(reading.as_of)]),
        ),
        Task(
            (tables.BALANCE_SHEET,),
            lambda: _report(reading, tables.BALANCE_SHEET, lambda: [client.balance_sheet(reading.as_of)]),
        ),
        Task(
            (tables.PROFIT_LOSS,),
            lambda: _report(
                reading,
                tables.PROFIT_LOSS,
                lambda: [client.profit_loss(start, end) for start, end in profit_loss_periods(reading.as_of)],
            ),
        ),
    ]


def profit_loss_periods(as_of: date) -> list[tuple[date, date]]:
    """The year to date, and every month of the year so far, the current one to `as_of`: first and last days."""
    year_to_date = (as_of.replace(month=1, day=1), as_of)
    months = []
    for month in range(1, as_of.month + 1):
        last = date(as_of.year, month, calendar.monthrange(as_of.year, month)[1])
        months.append((date(as_of.year, month, 1), min(last, as_of)))
    return list(dict.fromkeys([year_to_date, *months]))


def _company(client: AtlasAccountingClient) -> Iterator[Fetched]:
    record = client.company()
    if record is not None:  # a company that the vendor does not list keeps its base currency
        yield Fetched(tables.COMPANIES, [record], EVERYTHING)


def _list(client: AtlasAccountingClient, reading: Reading, table: RawTable) -> Task:
    return Task((table,), lambda: _read_list(client, reading, table))


def _optional_list(client: AtlasAccountingClient, reading: Reading, table: RawTable) -> Task:
    def read() -> Iterator[Fetched]:
        steps = _read_list(client, reading, table)
        fetched: list[Fetched] = []

        def records() -> Sequence[msgspec.Raw]:
            fetched.append(next(steps))
            return fetched[0].records

        if reading.optional(table.name.replace("_", " "), _NO_PAYMENTS, records) is not None:
            yield fetched[0]
            yield from steps  # once its records are landed, it notes how far they went

    return Task((table,), read)


def _read_list(client: AtlasAccountingClient, reading: Reading, table: RawTable) -> Iterator[Fetched]:
    """What changed of a list, or all of it; how far it was read is landed after its records, so a crash repeats it."""
    before = incremental.state(reading.landing, table)
    now = reading.landing.now()
    tail = None if reading.full_refresh else before.tail(now, reading.since)
    changed = client.changed_records(table.name, tail) if tail is not None else None
    if changed is not None:
        yield Fetched(table, changed, None, last_wins=True)
        reached = incremental.newest(changed)
        cursor = max((moment for moment in (before.cursor, reached) if moment is not None), default=None)
        _remember(reading, table, cursor, before.full_read_at, before.uncounted)
        return
    listing = client.all_records(table.name, before.ids)
    yield _fetched(table, listing)
    uncounted = len(listing.records) - len(_known(reading, table))
    # Landing has more than was read where it refused a list that shrank: that read does not count as one.
    if listing.is_complete and uncounted >= 0:
        _remember(reading, table, incremental.newest(listing.records) if listing.is_by_update else None, now, uncounted)


_REMEMBERING = threading.Lock()
"""The lists are read side by side, but a table is landed by one thread at a time."""


def _remember(
    reading: Reading, table: RawTable, cursor: datetime | None, full_read_at: datetime | None, uncounted: int
) -> None:
    if cursor is None:
        return  # a list that tells no `updated_at` is read in full every time
    with _REMEMBERING:
        incremental.remember(reading.landing, table, cursor=cursor, full_read_at=full_read_at, uncounted=uncounted)


def _known(reading: Reading, table: RawTable) -> frozenset[str]:
    landed = reading.landing.latest(table)
    return frozenset(landed.filter(pc.invert(landed["_is_deleted"]))["id"].to_pylist())


def _fetched(table: RawTable, listing: Listing) -> Fetched:
    return Fetched(table, listing.records, EVERYTHING if listing.is_complete else None, last_wins=True)


def _report(reading: Reading, table: RawTable, read: Any) -> Iterator[Fetched]:
    records = reading.optional(f"the report {table.name.replace('_', ' ')}", _NO_REPORT, read)
    if records is not None:
        yield Fetched(table, records)  # other dates stay as they were reported: nothing is gone


def source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `raw_atlas_accounting`: a resource per table named in `files`, yielding those landing files."""
    return by_dlt.source_of(tables.SYSTEM, _LOADED, files)


_LOADED = tuple(load_tables.load_table(table) for table in tables.TABLES)

DATASET = load_tables.Dataset(tables.SYSTEM, _LOADED, source)
