"""Quarantine: what fits later leaves it, what a good version overtakes is settled, nothing is lost or counted twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines import quarantine, refusals
from pipelines.atlar import tables as atlar
from pipelines.atlas_etrm import tables
from pipelines.extract import load_backlog, retry_quarantine
from pipelines.landing import Landing
from pipelines.records.typed import Misfit
from pipelines.versions.versioning import EVERYTHING, Scope

BAD = '{"id": 2, "totalAmount": "twelve"}'


def refuse(landing: Landing, *records: str) -> None:
    landing.land(tables.ORDERS, raws(*records))


def refuse_what_would_fit(landing: Landing, *records: str) -> None:
    """As an earlier version of the code, which could not read them, would have left them."""
    misfits = [
        Misfit(record.split('"id": ')[1].split(",")[0].strip("}"), "unread", record.encode()) for record in records
    ]
    landing.land(tables.ORDERS, [], refused=misfits)


def shown(landing: Landing) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        return connection.execute(
            "select record_key, resolution, resolved_at >= quarantined_at from quarantine.records"
            " order by quarantined_at"
        ).fetchall()


def landed(landing: Landing) -> dict[int, Any]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        return dict(connection.execute("select id, total_amount from raw_atlas_etrm.orders").fetchall())


def test_a_record_that_fits_by_now_lands_and_leaves_quarantine_and_the_other_stays(landing: Landing) -> None:
    refuse(landing, BAD)
    refuse_what_would_fit(landing, '{"id": 7, "totalAmount": 12345678901234567890.0123456789}')
    load_backlog(landing)
    assert [row[1] for row in shown(landing)] == [None, None]
    retried = retry_quarantine(landing)
    assert (retried.tried, retried.landed, retried.superseded, retried.still_open) == (
        2,
        {"atlas_etrm.orders": 1},
        0,
        1,
    )
    assert {key: str(amount) for key, amount in landed(landing).items()} == {7: "12345678901234567890.0123456789"}
    assert shown(landing) == [("2", None, None), ("7", "landed", True)]
    assert [refusal.record_key for refusal in quarantine.open_refusals(landing)] == ["2"]
    again = retry_quarantine(landing)
    assert (again.tried, again.landed, again.still_open) == (1, {}, 1)


def test_a_good_version_since_settles_a_refusal_and_an_older_one_does_not(landing: Landing) -> None:
    refuse(landing, '{"id": 1, "totalAmount": 1}')
    refuse(landing, '{"id": 1, "totalAmount": "x"}', BAD)
    load_backlog(landing)
    assert [row[1] for row in shown(landing)] == [None, None]
    refuse(landing, '{"id": 2, "totalAmount": 12}')
    load_backlog(landing)
    assert shown(landing) == [("1", None, None), ("2", "superseded", True)]


def test_what_was_settled_and_goes_bad_again_is_open_again(landing: Landing) -> None:
    refuse(landing, BAD)
    refuse(landing, '{"id": 2, "totalAmount": 12}')
    assert quarantine.open_refusals(landing) == []
    refuse(landing, BAD)
    (refusal,) = quarantine.open_refusals(landing)
    assert refusal.record_key == "2"
    load_backlog(landing)
    assert [row[1] for row in shown(landing)] == ["superseded", None]
    refuse(landing, BAD)  # the same once more is the same refusal
    assert len(quarantine.open_refusals(landing)) == 1


def test_of_two_refused_versions_that_fit_by_now_the_newer_is_the_latest(landing: Landing) -> None:
    refuse_what_would_fit(landing, '{"id": 7, "totalAmount": 1}')
    refuse_what_would_fit(landing, '{"id": 7, "totalAmount": 2}')
    assert len(quarantine.open_refusals(landing)) == 1
    retried = retry_quarantine(landing)
    assert (retried.tried, retried.landed, retried.still_open) == (1, {"atlas_etrm.orders": 1}, 0)
    assert landed(landing) == {7: 2}


def outcomes(landing: Landing) -> dict[str, str | None]:
    load_backlog(landing)
    return {row[0]: row[1] for row in shown(landing)}


GOOD = '{"id": 1, "totalAmount": 1}'


def test_what_never_landed_and_is_no_longer_shown_is_gone(landing: Landing) -> None:
    landing.land(tables.ORDERS, raws(GOOD, BAD, '{"totalAmount": 3}', "17"), scope=EVERYTHING)
    assert outcomes(landing) == {"2": None, None: None}
    landing.land(tables.ORDERS, raws(GOOD))
    assert outcomes(landing) == {"2": None, None: None}, "an answer to a write says nothing of the others"
    landing.land(tables.ORDERS, raws(GOOD, "18"), scope=EVERYTHING)
    assert outcomes(landing)["2"] is None, "what has no key could be any of the missing ones"
    landing.land(tables.ORDERS, raws(GOOD), scope=EVERYTHING)
    load_backlog(landing)
    assert [row[1] for row in shown(landing)] == ["gone"] * 4
    assert quarantine.open_refusals(landing) == []


def test_a_window_tells_only_of_what_it_covers(landing: Landing) -> None:
    bad = '{{"id": "{0}", "date": "2026-03-{0}", "version": "?"}}'
    landing.land(atlar.TRANSACTIONS, raws(bad.format("05"), bad.format("25"), '{"id": "x", "date": "?"}'))
    landing.land(atlar.TRANSACTIONS, [], scope=Scope("date", date(2026, 3, 20)))
    assert outcomes(landing) == {"05": None, "25": "gone", "x": None}
    landing.land(atlar.TRANSACTIONS, [], scope=EVERYTHING)
    assert outcomes(landing) == {"05": "gone", "25": "gone", "x": "gone"}


def test_a_record_that_returns_to_the_version_landed_settles_its_refusal(landing: Landing) -> None:
    landing.land(tables.ORDERS, raws(GOOD), scope=EVERYTHING)
    landing.land(tables.ORDERS, raws('{"id": 1, "totalAmount": "?"}'), scope=EVERYTHING)
    landing.land(tables.ORDERS, raws(GOOD, '{"id": 1, "totalAmount": 2}'), scope=EVERYTHING)
    assert len(quarantine.open_refusals(landing)) == 2, "the contradiction; what it took the place of is settled"
    landing.land(tables.ORDERS, raws(GOOD), scope=EVERYTHING)
    assert quarantine.open_refusals(landing) == []
    load_backlog(landing)
    assert landed(landing) == {1: 1}


def test_a_key_of_days_and_moments_is_known_however_it_is_written(landing: Landing) -> None:
    key = '"accountId": "a", "type": "BOOKED", "localDate": "2026-04-10", "timestamp": "2026-04-10T12:00:00+02:00"'
    landing.land(atlar.BALANCES, raws(f'{{{key}, "version": 1}}'), scope=EVERYTHING)
    assert landing.land(atlar.BALANCES, raws(f'{{{key}, "version": "?"}}'), scope=EVERYTHING).rows == 0, "not gone"
    same = key.replace("T12:00:00+02:00", "T10:00:00Z")
    landing.land(atlar.BALANCES, raws(f'{{{same}, "version": 2}}'), scope=EVERYTHING)
    assert list(outcomes(landing).items()) == [("a|BOOKED|2026-04-10|2026-04-10T10:00:00.000000Z", "superseded")]


def test_records_that_contradict_each_other_are_never_chosen_between(landing: Landing) -> None:
    refuse(landing, '{"id": 5, "totalAmount": 1}', '{"id": 5, "totalAmount": 2}')
    assert {refusal.reason for refusal in quarantine.open_refusals(landing)} == {refusals.CONTRADICTION}
    retried = retry_quarantine(landing)
    assert (retried.tried, retried.landed, retried.still_open) == (2, {}, 2)


def test_a_lost_work_file_shows_the_same_and_only_named_tables_are_tried(landing: Landing) -> None:
    refuse_what_would_fit(landing, '{"id": 7, "totalAmount": 1}')
    assert retry_quarantine(landing, only=frozenset({"atlas_etrm.invoices"})).tried == 0
    retry_quarantine(landing)
    before = shown(landing)
    landing.work_path.unlink()
    load_backlog(landing)
    assert shown(landing) == before == [("7", "landed", True)]
    refuse(landing, BAD)  # dlt goes on loading into a table that has columns of ours
    load_backlog(landing)
    assert shown(landing) == [("7", "landed", True), ("2", None, None)]


@pytest.mark.parametrize("payload", ["not json", '{"totalAmount": 1}', "[]"])
def test_what_is_no_record_stays(landing: Landing, payload: str) -> None:
    landing.land(tables.ORDERS, [], refused=[Misfit(None, "unread", payload.encode())])
    assert retry_quarantine(landing).still_open == 1


def test_each_file_of_quarantine_is_read_once_however_many_come(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    real = pq.read_table

    def noted(file: Path, **given: Any) -> Any:
        read.append(file)
        return real(file, **given)

    monkeypatch.setattr(refusals.pq, "read_table", noted)
    for number in range(1, 31):
        landing.land(tables.ORDERS, raws(f'{{"id": {number}, "totalAmount": 1e30}}'))
        landing.land(tables.ORDERS, raws(f'{{"id": {number - number % 3}, "totalAmount": 5}}'))
    files = [*landing.files(*refusals.RECORDS), *landing.files(*refusals.RESOLUTIONS)]
    by_itself = Landing(landing.landing_dir, landing.work_path, landing.dlt_dir, landing.now)
    open_keys = [refusal.record_key for refusal in quarantine.open_refusals(landing)]
    assert open_keys == [str(number) for number in range(1, 31) if number % 3]
    assert sorted(read) == sorted(files)
    assert quarantine.open_refusals(by_itself) == quarantine.open_refusals(landing)
    # What another process writes meanwhile is seen as well.
    by_itself.land(tables.ORDERS, raws('{"id": 1, "totalAmount": 5}'))
    assert quarantine.open_refusals(landing) == quarantine.open_refusals(by_itself)
    assert len(quarantine.open_refusals(landing)) == len(open_keys) - 1
