"""A closed period that moves is red, entry by entry; one that does not, is not; and nothing new is dated in either."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import books_world
from built_books import build_books, no_test
from raw_fixture import RawFixture, query

from reverse_etl.closed_periods import record_checksums
from reverse_etl.operations import OperationsStore


def _fee(id_: str, day: str, amount: str) -> dict[str, Any]:
    lines = [
        {"account_id": "acc-6800", "entry_type": "debit", "amount": amount},
        {"account_id": "acc-1000", "entry_type": "credit", "amount": amount},
    ]
    return {"id": id_, "entry_date": day, "description": "Fee", "status": "posted", "currency": "EUR", "lines": lines}


def test_what_moved_in_a_closed_period_is_red_and_named(tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    raw = RawFixture(path)
    books_world._load_parties(raw)
    books_world._load_accounting(raw)
    fees = [_fee("jan", "2026-01-20", "10.00"), _fee("feb", "2026-02-20", "50.00"), _fee("feb2", "2026-02-21", "7.00")]
    raw.insert("atlas_accounting.journal_entries", fees)
    raw.close()
    build_books(path, no_test)
    found = query(path, "select period_end, status from marts.fct_closed_periods order by period_end")
    assert [(row["period_end"], row["status"]) for row in found] == [
        (date(2026, 1, 31), "not_yet_recorded"),
        (date(2026, 2, 28), "not_yet_recorded"),
    ]

    store = OperationsStore(tmp_path / "operations.sqlite")
    assert record_checksums(store, path, at=datetime(2026, 4, 11, tzinfo=UTC)) == 2
    raw.reopen(path)
    exported = store.export()
    for table in ("closed_period_checksums", "closed_period_entries"):
        raw.insert_operations(table, exported[table].to_pylist())
    # At the vendor somebody deletes one entry of February and writes another of the same amount.
    raw.delete("atlas_accounting.journal_entries", [{"id": "feb"}])
    raw.insert("atlas_accounting.journal_entries", [_fee("late", "2026-02-22", "50.00")])
    raw.close()

    build_books(path, no_test)
    controls = query(
        path,
        "select scope, left_amount - right_amount as difference"
        " from intermediate.int_reconciliation__tie_outs_closed_periods order by scope",
    )
    assert [(row["scope"], row["difference"]) for row in controls] == [
        ("EUR/..2026-01-31", Decimal(0)),
        ("EUR/..2026-02-28", Decimal(100)),
    ]
    changes = query(path, "select * from marts.fct_closed_period_changes order by journal_entry_id")
    assert [(row["journal_entry_id"], row["change"], row["amount_then"], row["amount_now"]) for row in changes] == [
        ("atlas_accounting:journal_entry:feb", "removed", Decimal("50.0000"), None),
        ("atlas_accounting:journal_entry:late", "added", None, Decimal("50.0000")),
    ]
    assert record_checksums(store, path, at=datetime(2026, 4, 12, tzinfo=UTC)) == 0, "recorded once per closing"
