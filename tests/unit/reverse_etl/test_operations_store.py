"""The trail: append-only, chained, replayable, exact when exported."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from write_back_fakes import NOON

from reverse_etl.acceptances import Difference, accept
from reverse_etl.identity import Identity
from reverse_etl.operations import GENESIS, Event, OperationsStore


def filled(path: Path) -> OperationsStore:
    store = OperationsStore(path)
    store.start_run("run-1", started_at=NOON, profile="sandbox", as_of=date(2026, 4, 10))
    difference = Difference("ar_equals_control", "EUR", Decimal("0.01"), "EUR", "run-1", "clerk")
    accept(store, difference, by=Identity("auditor"), reason="rounding", at=NOON)
    store.finish_run("run-1", finished_at=NOON + timedelta(seconds=2), status="done", exit_code=0, sent=3, seconds=2.5)
    return store


def altered(path: Path, statement: str) -> str | None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    return OperationsStore(path).verify().first_bad


def test_an_untouched_trail_verifies(tmp_path: Path) -> None:
    store = filled(tmp_path / "o.sqlite")
    found = store.verify()
    assert (found.events, found.first_bad) == (3, None)
    assert len(found.head) == 64


@pytest.mark.parametrize(
    "statement",
    [
        "update events set body = replace(body, '0.01', '9.01') where sequence = 2",
        "update events set at = '2020-01-01T00:00:00.000000Z' where sequence = 2",
        "update events set subject = 'other' where sequence = 2",
    ],
)
def test_an_edited_event_is_named(tmp_path: Path, statement: str) -> None:
    filled(tmp_path / "o.sqlite").close()
    assert (altered(tmp_path / "o.sqlite", statement) or "").startswith("event 2 ")


def test_a_removed_event_is_named(tmp_path: Path) -> None:
    filled(tmp_path / "o.sqlite").close()
    assert altered(tmp_path / "o.sqlite", "delete from events where sequence = 2") == "event 2 is missing"


def test_an_edited_state_is_named(tmp_path: Path) -> None:
    filled(tmp_path / "o.sqlite").close()
    bad = altered(tmp_path / "o.sqlite", "update runs set exit_code = 5")
    assert bad == "the state of run 'run-1' is not what its events say"


def test_a_cut_tail_shows_against_a_head_kept_elsewhere(tmp_path: Path) -> None:
    store = filled(tmp_path / "o.sqlite")
    head = store.verify().head
    store.close()
    altered(tmp_path / "o.sqlite", "delete from events where sequence = 3")
    assert OperationsStore(tmp_path / "o.sqlite").verify().head != head


def test_commits_are_durable(tmp_path: Path) -> None:
    store = OperationsStore(f"sqlite:///{tmp_path}/not/yet/there/o.sqlite")
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_head_moves_with_deliveries_and_not_with_runs(tmp_path: Path) -> None:
    store = OperationsStore(tmp_path / "o.sqlite")
    assert store.head() == GENESIS
    store.start_run("run-1", started_at=NOON, profile="live", as_of=date(2026, 4, 10))
    assert store.head() == GENESIS
    filled(tmp_path / "p.sqlite")
    assert OperationsStore(tmp_path / "p.sqlite").head() != GENESIS


def test_what_is_exported_keeps_its_digits_and_types(tmp_path: Path) -> None:
    tables = filled(tmp_path / "o.sqlite").export()
    run = tables["runs"].to_pylist()[0]
    assert run["started_at"] == datetime(2026, 4, 10, 12, tzinfo=UTC)
    assert run["as_of_date"] == date(2026, 4, 10)
    assert (run["seconds"], run["sent"], run["exit_code"]) == (Decimal("2.500"), 3, 0)
    assert tables["accepted_differences"].to_pylist()[0]["difference"] == Decimal("0.0100")
    assert tables["deliveries"].num_rows == 0
    assert tables["deliveries"].schema.field("amount").type == pyarrow.decimal128(20, 4)


def test_a_run_refuses_figures_it_does_not_know(tmp_path: Path) -> None:
    store = filled(tmp_path / "o.sqlite")
    with pytest.raises(TypeError, match="guesses"):
        store.finish_run("run-1", finished_at=NOON, status="done", exit_code=0, guesses=1)


def test_a_naive_instant_is_refused(tmp_path: Path) -> None:
    store = OperationsStore(tmp_path / "o.sqlite")
    with pytest.raises(ValueError, match="time zone"):
        store.start_run("r", started_at=datetime(2026, 1, 1), profile="live", as_of=date(2026, 1, 1))


def test_events_of_one_append_are_folded_in_order(tmp_path: Path) -> None:
    store = OperationsStore(tmp_path / "o.sqlite")
    store.start_run("run-1", started_at=NOON, profile="live", as_of=date(2026, 4, 10))
    store.append(
        [
            Event("run", "run-1", NOON, {"status": "failed", "exit_code": 1}),
            Event("run", "run-2", NOON, {"run_id": "run-2", "started_at": "x", "status": "running"}),
            Event("run", "run-1", NOON, {"status": "done", "exit_code": 0}),
            Event("run", "run-2", NOON, {"status": "done"}),
        ]
    )
    assert {run["run_id"]: (run["status"], run["exit_code"]) for run in store.runs()} == {
        "run-1": ("done", 0),
        "run-2": ("done", None),
    }
    assert store.verify().first_bad is None


def test_a_store_of_an_earlier_release_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    filled(tmp_path / "o.sqlite").close()
    with sqlite3.connect(tmp_path / "o.sqlite") as connection:
        connection.execute("alter table runs drop column run_by")
    connection.close()
    store = OperationsStore(tmp_path / "o.sqlite")
    store.start_run("run-2", started_at=NOON, profile="live", as_of=date(2026, 4, 10), run_by="service")
    assert {row["run_id"]: row["run_by"] for row in store.runs()} == {"run-1": None, "run-2": "service"}
    store.close()
