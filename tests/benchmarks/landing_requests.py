"""How many requests a landing sends, by vendor, beside the least that the contracts allow.

In: a folder for the sandbox and the landing. Out: lines of text. The sandbox answers over HTTP without a rate limit; a
first landing, and a second one by fresh clients in which nothing has changed.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from math import ceil
from pathlib import Path

from pipelines import extract, quarantine
from pipelines.atlar import tables as atlar
from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlar.source import window_start
from pipelines.atlas_accounting import tables as accounting
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_accounting.source import profit_loss_periods
from pipelines.atlas_etrm import settled
from pipelines.atlas_etrm import tables as etrm
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.reading import Reading
from sandbox.app import running
from sandbox.options import SandboxOptions

AS_OF = date(2026, 4, 10)

LEAST = """  least possible, by the contracts (records as counted in this landing, those in quarantine too):
    ATLAS ETRM        1 token + 8 tables that come whole in one answer + payments, 200 invoice ids a call (those not
                      yet settled, the second time): there is no filter and no "updated since"
    Atlas Accounting  1 login + 1 company + each of 8 lists, 100 a page (1 where nothing changed) + trial balance,
                      balance sheet and one profit and loss per period
    Atlar             1 token + each of 16 lists, 500 a page (transactions: of the last 60 days, the second time) +
                      end-of-day summaries per account + reports per connection + 2 per new report that holds
                      statements, 1 per new report that holds none + 1 per newly finished credit transfer batch;
                      pages are taken as full, and each that Atlar gives short or empty costs one more
"""

_ACCOUNTING_LISTS = (
    accounting.ACCOUNTS,
    accounting.CUSTOMERS,
    accounting.VENDORS,
    accounting.INVOICES,
    accounting.BILLS,
    accounting.JOURNAL_ENTRIES,
    accounting.PAYMENTS,
    accounting.PAYMENTS_MADE,
)
_ATLAR_LISTS = (
    atlar.ENTITIES,
    atlar.ACCOUNTS,
    atlar.BALANCES,
    atlar.TRANSACTIONS,
    atlar.PENDING_TRANSACTIONS,
    atlar.COUNTERPARTIES,
    atlar.EXTERNAL_ACCOUNTS,
    atlar.FORECASTED_TRANSACTIONS,
    atlar.CONNECTIONS,
    atlar.GL_ENTITIES,
    atlar.GL_ACCOUNTS,
    atlar.DOCUMENTS,
    atlar.ACCOUNTS_PAYABLES,
    atlar.ACCOUNTS_RECEIVABLES,
    atlar.CREDIT_TRANSFERS,
    atlar.CREDIT_TRANSFER_BATCHES,
)


def measured(folder: Path) -> list[str]:
    """Lands the sandbox twice and says what that took."""
    options = SandboxOptions(
        data_dir=folder / "vendors",
        port_base=0,
        atlas_etrm_requests_per_minute=0,
        accounting_tier="unlimited",
        atlar_requests_per_second=0,
    )
    landing = Landing(folder / "landing", folder / "work.duckdb", folder / "dlt", lambda: datetime.now(UTC))
    lines = [f"{'requests, sandbox of scale 1.0':<44}{'first':>8}{'least':>8}{'again':>8}{'least':>8}"]
    with running(options) as told:
        first = _extract(told["environment"], landing)
        again = _extract(told["environment"], landing)
    least = _least(landing, is_first=True), _least(landing, is_first=False)
    for system in least[0]:
        figures = (first.requests[system], least[0][system], again.requests[system], least[1][system])
        lines.append(f"  {system:<42}" + "".join(f"{figure:>8,}" for figure in figures))
    changes = sum(first.rows.values()), sum(again.rows.values())
    lines.append(f"  {changes[0]:,} changes landed the first time, {changes[1]:,} the second")
    return [*lines, *LEAST.splitlines()]


def _extract(environment: dict[str, str], landing: Landing) -> extract.ExtractResult:
    given = {name.removeprefix("SOURCES__"): value for name, value in environment.items()}
    clients = extract.Clients(
        AtlasEtrmClient(
            AtlasEtrmConfig(
                given["ATLAS_ETRM__BASE_URL"], given["ATLAS_ETRM__USERNAME"], given["ATLAS_ETRM__PASSWORD"], 0
            )
        ),
        AtlasAccountingClient(
            AtlasAccountingConfig(
                given["ATLAS_ACCOUNTING__BASE_URL"],
                given["ATLAS_ACCOUNTING__EMAIL"],
                given["ATLAS_ACCOUNTING__PASSWORD"],
                given["ATLAS_ACCOUNTING__COMPANY_ID"],
                tier="unlimited",
            )
        ),
        AtlarClient(
            AtlarConfig(
                given["ATLAR__BASE_URL"], given["ATLAR__ACCESS_KEY"], given["ATLAR__SECRET"], requests_per_second=0
            )
        ),
    )
    try:
        return extract.extract(clients, landing, as_of=AS_OF)
    finally:
        clients.close()


def _least(landing: Landing, *, is_first: bool) -> dict[str, int]:
    refused = Counter(refusal.table for refusal in quarantine.open_refusals(landing))

    def count(table: RawTable) -> int:
        alive = landing.latest(table)["_is_deleted"].to_pylist().count(False)
        return alive + refused[f"{table.system}.{table.name}"]

    settled_count = len(settled.known(landing).settled)
    pages = lambda records, size: max(1, ceil(records / size))  # noqa: E731
    return {
        "atlas_etrm": 1 + 8 + ceil((count(etrm.INVOICES) - (0 if is_first else settled_count)) / 200),
        "atlas_accounting": 2
        + sum(pages(count(table), 100) if is_first else 1 for table in _ACCOUNTING_LISTS)
        + 2
        + len(profit_loss_periods(AS_OF)),
        "atlar": _least_of_atlar(landing, count(atlar.TRANSACTIONS), is_first=is_first)
        + sum(pages(count(table), 500) for table in _ATLAR_LISTS if table is not atlar.TRANSACTIONS),
    }


def _least_of_atlar(landing: Landing, transactions: int, *, is_first: bool) -> int:
    """Token, transactions, what is asked per account and per connection, and what is fetched once."""
    summaries = Counter(landing.latest(atlar.END_OF_DAY_SUMMARIES)["account_id"].to_pylist())
    accounts = [str(id_) for id_ in landing.latest(atlar.ACCOUNTS)["id"].to_pylist()]
    reports = landing.latest(atlar.REPORTS)
    per_connection = Counter(reports["connection_id"].to_pylist())
    connections = landing.latest(atlar.CONNECTIONS)["id"].to_pylist()
    if not is_first:
        since = window_start(Reading(landing, AS_OF), 60)
        assert since is not None
        dates = landing.latest(atlar.TRANSACTIONS)["date"].to_pylist()
        transactions = sum(day is not None and day >= since for day in dates)
    least = 1 + max(1, ceil(transactions / 500))
    least += sum(max(1, ceil(summaries[account] / 500)) for account in accounts)
    least += sum(max(1, ceil(per_connection[connection] / 500)) for connection in connections)
    if is_first:
        files = set(
            zip(
                *(_landed(landing, atlar.BANK_STATEMENTS, name) for name in ("connection_id", "report_id")), strict=True
            )
        )
        batches = set(landing.latest(atlar.CREDIT_TRANSFER_BATCH_RESULTS)["batch_id"].to_pylist())
        least += reports.num_rows + len(files) + len(batches)
    return least


def _landed(landing: Landing, table: RawTable, column: str) -> list[object]:
    import pyarrow.parquet as pq

    files = landing.files(table.system, table.name)
    return [value for file in files for value in pq.read_table(file, columns=[column])[column].to_pylist()]
