"""A statement file that no parser could read is kept whole, and lands once one can."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from virtual import raws

from pipelines import extract, quarantine
from pipelines.atlar import reports, tables
from pipelines.atlar.statements import UnreadableStatementError
from pipelines.landing import Landing
from pipelines.reading import Reading

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "statements"
CAMT = (FILES / "camt053_02.xml").read_bytes()
LATIN = (FILES / "mt940_german.sta").read_bytes().replace(b"Maerz", "März".encode("latin-1"))


class Bank:
    """Atlar with one connection and a report per file."""

    def __init__(self, *files: bytes) -> None:
        self.files = files

    def records(self, resource: str, **ids: str) -> list[msgspec.Raw]:
        found = {
            "connections": ['{"id": "con"}'],
            "reports": [f'{{"id": "r{number}"}}' for number in range(len(self.files))],
            "bank_statements": [f'{{"id": "s-{ids.get("report_id")}", "accountId": "acc", "localDate": "2026-03-31"}}'],
        }
        return raws(*found[resource])

    def bank_statement_content(self, connection_id: str, report_id: str, statement_id: str) -> bytes:
        return self.files[int(report_id[1:])]


def read(landing: Landing, bank: Any) -> None:
    for fetched in reports.read_reports(bank, Reading(landing, date(2026, 4, 10)), []):
        landing.land(
            fetched.table, fetched.records, scope=fetched.scope, refused=fetched.misfits, buried=fetched.buried
        )


def rows(landing: Landing, table: str, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        return connection.sql(f"select {columns} from {table} order by all").fetchall()


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A parser of an earlier version, which knew no file at all."""

    def none(content: bytes) -> list[Any]:
        raise UnreadableStatementError("a format of tomorrow")

    monkeypatch.setattr(reports, "parse_statements", none)
    return monkeypatch


def test_a_file_waits_whole_and_lands_once_a_parser_reads_it(landing: Landing, unreadable: pytest.MonkeyPatch) -> None:
    bank = Bank(CAMT, LATIN, b"<Document/>")
    read(landing, bank)
    assert landing.latest(tables.REPORTS).num_rows == 3, "the report is read: it is not asked for again"
    assert [refusal.record_key for refusal in quarantine.open_refusals(landing)] == ["con|s-r0", "con|s-r1", "con|s-r2"]
    assert extract.retry_quarantine(landing).still_open == 3
    unreadable.undo()
    retried = extract.retry_quarantine(landing)
    assert (retried.tried, retried.landed, retried.still_open) == (3, {"atlar.bank_statements": 2}, 1)
    assert rows(landing, "raw_atlar.bank_statements", "id, report_id, account_id, closes") == [
        ("s-r0", "r0", "acc", True),
        ("s-r1", "r1", "acc", True),
    ]
    counts = rows(landing, "raw_atlar.bank_statement_entries", "distinct bank_statement_id, count(*) over ()")
    assert counts == [("s-r0", 7), ("s-r1", 7)]
    assert ("Rechnung 4711 vom März",) in rows(landing, "raw_atlar.bank_statement_entries", "remittance")
    states = rows(landing, "quarantine.records", "record_key, resolution")
    assert states == [("con|s-r0", "landed"), ("con|s-r1", "landed"), ("con|s-r2", None)]
    assert extract.retry_quarantine(landing).landed == {}


def test_a_file_read_again_that_another_report_told_meanwhile_is_superseded(
    landing: Landing, unreadable: pytest.MonkeyPatch
) -> None:
    read(landing, Bank(CAMT))
    unreadable.undo()
    read(landing, Bank(b"", CAMT))
    retried = extract.retry_quarantine(landing)
    assert (retried.landed, retried.superseded, retried.still_open) == ({}, 1, 0)
    assert landing.latest(tables.BANK_STATEMENTS).num_rows == 1
