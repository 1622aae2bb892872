"""How far the books are closed is noted once per change; what a closed period held is recorded once per closing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from reverse_etl.closed_periods import SETTING, WEBHOOK, note_closing, record_checksums
from reverse_etl.operations import OperationsStore

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> OperationsStore:
    return OperationsStore(tmp_path / "operations.sqlite")


def test_a_setting_is_noted_when_it_changes_also_back_and_never_twice(store: OperationsStore) -> None:
    told = [None, date(2026, 2, 28), date(2026, 2, 28), date(2026, 1, 31), None]
    news = [note_closing(store, SETTING, day, at=NOON + timedelta(hours=n)) for n, day in enumerate(told)]
    assert news == [False, True, False, True, True]
    noted = store.export()["closed_periods"].to_pylist()
    assert [row["period_end"] for row in noted] == [date(2026, 2, 28), date(2026, 1, 31), None]
    assert store.verify().first_bad is None


def test_the_vendors_events_each_stand_for_themselves_whatever_their_order(store: OperationsStore) -> None:
    for n, day in enumerate([date(2026, 2, 28), date(2026, 1, 31), date(2026, 2, 28)]):
        note_closing(store, WEBHOOK, day, at=NOON + timedelta(hours=n))
    assert len(store.export()["closed_periods"]) == 2


def _work(path: Path, status: str) -> Path:
    with duckdb.connect(str(path)) as work:
        work.execute("create schema if not exists marts")
        work.execute("create schema if not exists intermediate")
        work.execute(
            "create or replace table marts.fct_closed_periods as select date '0001-01-01' as period_start,"
            f" date '2026-01-31' as period_end, 2 as entry_count_now, 'abc' as checksum_now, '{status}' as status"
        )
        work.execute(
            "create or replace table intermediate.int_reconciliation__closed_period_entries as"
            " select date '0001-01-01' as period_start, date '2026-01-31' as period_end, unnest(['a', 'b'])"
            " as journal_entry_id, 'EUR' as currency_code, 'x' as entry_checksum, 10.5::decimal(20, 4) as amount"
        )
    return path


def test_a_period_is_recorded_with_its_entries_and_chained(store: OperationsStore, tmp_path: Path) -> None:
    before = store.head()
    assert record_checksums(store, _work(tmp_path / "work.duckdb", "not_yet_recorded"), at=NOON) == 1
    assert store.head() != before, "the next build must see it"
    exported = store.export()
    assert exported["closed_period_checksums"].to_pylist()[0]["period_end"] == date(2026, 1, 31)
    entries = exported["closed_period_entries"].to_pylist()
    assert [(row["journal_entry_id"], row["amount"]) for row in entries] == [
        ("a", Decimal("10.5000")),
        ("b", Decimal("10.5000")),
    ]
    assert store.verify().first_bad is None


def test_what_is_recorded_or_open_is_left_alone(store: OperationsStore, tmp_path: Path) -> None:
    for status in ("unchanged", "changed", "reopened"):
        assert record_checksums(store, _work(tmp_path / "work.duckdb", status), at=NOON) == 0
