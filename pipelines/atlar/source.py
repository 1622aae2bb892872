"""What is read from Atlar, and the dlt source of its raw tables.

In: a client and the landing folder. Out: `tasks` and `source`.
Transactions are read by a date window that overlaps what is landed, and swept for deletions inside it; reports never
change and are fetched once; all other lists are small and read whole.
What does not belong here: requests (`client.py`), statement files (`statements.py`, `reports.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.compute as pc

from pipelines.atlar import tables
from pipelines.atlar.client import AtlarClient
from pipelines.atlar.reports import read_reports
from pipelines.loading import by_dlt, load_tables
from pipelines.raw_table import RawTable
from pipelines.reading import Fetched, Reading, Task
from pipelines.transport import errors, exact
from pipelines.versions.versioning import EVERYTHING, Scope

_LISTS = (
    tables.ENTITIES,
    tables.PENDING_TRANSACTIONS,
    tables.COUNTERPARTIES,
    tables.EXTERNAL_ACCOUNTS,
    tables.FORECASTED_TRANSACTIONS,
    tables.GL_ENTITIES,
    tables.GL_ACCOUNTS,
    tables.DOCUMENTS,
    tables.CREDIT_TRANSFERS,
)
_AP_AR = (tables.ACCOUNTS_PAYABLES, tables.ACCOUNTS_RECEIVABLES)

_NO_AP_AR = (
    "Set SOURCES__ATLAR__AP_AR_MODE to forecasted_transactions or documents if this deployment has no such endpoint."
)
_NO_LIST = "The table keeps what was landed before."
_UNFINISHED = ("CREATED", "PROCESSING_STARTED")


def tasks(client: AtlarClient, reading: Reading) -> list[Task]:
    """The reads of one extraction: a request per 500 records of each list, and two per new report."""
    accounts = _Accounts(client)
    return [
        Task((tables.ACCOUNTS,), lambda: [Fetched(tables.ACCOUNTS, accounts.records(), EVERYTHING)]),
        Task((tables.TRANSACTIONS,), lambda: _transactions(client, reading, accounts)),
        Task((tables.BALANCES,), lambda: _balances(client, accounts)),
        Task((tables.END_OF_DAY_SUMMARIES,), lambda: _summaries(client, reading, accounts)),
        Task(
            (tables.CONNECTIONS, tables.BANK_STATEMENT_ENTRIES, tables.BANK_STATEMENTS, tables.REPORTS),
            lambda: read_reports(client, reading, accounts.records()),
        ),
        *(_list(client, reading, table, _NO_LIST) for table in _LISTS),
        *(_list(client, reading, table, _NO_AP_AR) for table in _AP_AR),
        Task(
            (tables.CREDIT_TRANSFER_BATCHES, tables.CREDIT_TRANSFER_BATCH_RESULTS),
            lambda: _batches(client, reading),
        ),
    ]


class _Accounts:
    """The accounts, read once for all tasks that need them."""

    def __init__(self, client: AtlarClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._records: list[msgspec.Raw] | None = None

    def records(self) -> list[msgspec.Raw]:
        with self._lock:
            if self._records is None:
                self._records = self._client.records("accounts")
            return self._records

    def ids(self) -> list[str]:
        return [str(told["id"]) for record in self.records() if (told := exact.members(record)).get("id")]


def _list(client: AtlarClient, reading: Reading, table: RawTable, remedy: str) -> Task:
    def read() -> Iterator[Fetched]:
        records = reading.optional(table.name.replace("_", " "), remedy, lambda: client.records(table.name))
        if records is not None:
            yield Fetched(table, records, EVERYTHING, last_wins=True)

    return Task((table,), read)


def _transactions(client: AtlarClient, reading: Reading, accounts: _Accounts) -> Iterator[Fetched]:
    since = window_start(reading, client.config.overlap_days)
    ids = accounts.ids() if client.has_route("account_transactions") else []
    scope = EVERYTHING if since is None else Scope("date", since)
    yield Fetched(tables.TRANSACTIONS, client.transactions(since, ids), scope, last_wins=True)


def window_start(reading: Reading, overlap_days: int) -> date | None:
    """The first booking date to read: `overlap_days` before the newest one landed, or earlier; None is everything."""
    if reading.full_refresh:
        return None
    landed = reading.landing.latest(tables.TRANSACTIONS)
    newest: date | None = pc.max(landed["date"]).as_py() if landed.num_rows else None
    if newest is None:
        return reading.since
    start = min(newest, reading.as_of) - timedelta(days=overlap_days)
    return start if reading.since is None else min(start, reading.since)


def _balances(client: AtlarClient, accounts: _Accounts) -> Iterator[Fetched]:
    try:
        records = client.records("balances", id="-")  # `-` stands for all accounts (contract section 5.2)
    except (errors.RecordNotFound, errors.Refused):
        records = [record for account_id in accounts.ids() for record in client.records("balances", id=account_id)]
    yield Fetched(tables.BALANCES, records, EVERYTHING, last_wins=True)


def _summaries(client: AtlarClient, reading: Reading, accounts: _Accounts) -> Iterator[Fetched]:
    def read() -> Sequence[msgspec.Raw]:
        return [
            record for account_id in accounts.ids() for record in client.records("end_of_day_summaries", id=account_id)
        ]

    remedy = "Whether a day's transactions are complete is then not known."
    records = reading.optional("end-of-day summaries", remedy, read)
    if records is not None:
        yield Fetched(tables.END_OF_DAY_SUMMARIES, records, EVERYTHING, last_wins=True)


def _batches(client: AtlarClient, reading: Reading) -> Iterator[Fetched]:
    batches = reading.optional("credit transfer batches", _NO_LIST, lambda: client.records("credit_transfer_batches"))
    if batches is None:
        return
    yield Fetched(tables.CREDIT_TRANSFER_BATCHES, batches, EVERYTHING, last_wins=True)
    known = set(reading.landing.latest(tables.CREDIT_TRANSFER_BATCH_RESULTS)["batch_id"].to_pylist())
    results: list[msgspec.Raw] = []
    for batch in map(exact.members, batches):
        # The results of a finished batch never change, and before that they are a 404 (contract section 8.2).
        if not batch.get("id") or batch.get("status") in _UNFINISHED or batch["id"] in known:
            continue
        try:
            found = client.records("credit_transfer_batch_results", id=batch["id"])
        except errors.RecordNotFound:
            continue
        results += [exact.with_members(record, batchId=batch["id"]) for record in found]
    yield Fetched(tables.CREDIT_TRANSFER_BATCH_RESULTS, results)


def source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `raw_atlar`: a resource per table named in `files`, yielding those landing files."""
    return by_dlt.source_of(tables.SYSTEM, _LOADED, files)


_LOADED = tuple(load_tables.load_table(table) for table in tables.TABLES)

DATASET = load_tables.Dataset(tables.SYSTEM, _LOADED, source)
