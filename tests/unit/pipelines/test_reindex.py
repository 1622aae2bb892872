"""An index that is lost, or was hashed by another DuckDB: the same versions are known, and nothing looks changed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from virtual import Moments, raws

from pipelines.atlar import tables as atlar
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.records import fingerprints, source_hashes, typed
from pipelines.versions import latest, reindex
from pipelines.versions.versioning import EVERYTHING


def item(number: int, version: int) -> str:
    day = f'"2026-03-{version % 28 + 1:02d}"' if version % 3 else "null"
    return f'{{"id": {number}, "amount": {version}.10, "dueDate": {day}, "nobodyDeclared": {version}}}'


def summary(number: int, version: int) -> str:
    day = f"2026-03-{number % 28 + 1:02d}"
    return f'{{"accountId": "a-{number}", "date": "{day}", "transactionCount": {version}}}'


def made_anew(landing: Landing, table: RawTable) -> pa.Table:
    files = landing.files(table.system, table.name)
    return latest.read(table, files, landing.work_path.with_name("lost.arrow"))


def reopened(landing: Landing) -> Landing:
    return Landing(landing.landing_dir, landing.work_path, landing.dlt_dir, Moments())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records were read, a piece at a time."""
    counts: list[int] = []
    real = typed._type_chunk
    monkeypatch.setattr(typed, "_type_chunk", lambda *given: counts.append(len(given[1])) or real(*given))
    return counts


@pytest.mark.parametrize("at_once", [1, 40, 1_000_000])
@pytest.mark.parametrize(("table", "record"), [(etrm.ORDER_ITEMS, item), (atlar.END_OF_DAY_SUMMARIES, summary)])
def test_an_index_made_anew_is_the_one_that_was_lost(
    landing: Landing,
    monkeypatch: pytest.MonkeyPatch,
    table: RawTable,
    record: Callable[[int, int], str],
    at_once: int,
) -> None:
    """Records changed, gone, come back and new, in any order; some landed by an earlier method of fingerprints."""
    monkeypatch.setattr(reindex, "_AT_ONCE", at_once)
    chance = random.Random(at_once)
    held = {number: chance.randrange(100) for number in range(30)}
    for turn in range(7):
        is_earlier = turn == 3
        with monkeypatch.context() as patched:
            if is_earlier:
                patched.setattr(fingerprints, "METHOD", "1-")
            landing.land(table, raws(*(record(number, version) for number, version in held.items())), scope=EVERYTHING)
        lost, anew = landing.latest(table), made_anew(landing, table)
        differs = ["_source", "_fingerprint"] if is_earlier else ["_source"]
        assert anew.drop_columns(differs).equals(lost.drop_columns(differs)), f"turn {turn}"
        assert not [text for text in anew["_fingerprint"].to_pylist() if not text.startswith(("4-", "deleted"))]
        if is_earlier:  # the next release of Tieout
            landing._index(table).unlink()
            landing = reopened(landing)
        for number in chance.sample(sorted(held), 9):
            held[number] += 1
            if number % 3 == 0:
                held.pop(number)
        held |= {chance.randrange(60): chance.randrange(100) for _ in range(4)}
        held = dict(chance.sample(sorted(held.items()), len(held)))
    versions = [pq.read_metadata(file).num_rows for file in landing.files(table.system, table.name)]
    assert len(held) < lost.num_rows < sum(versions)


def test_after_an_index_was_lost_records_are_read_once(landing: Landing, read: list[int]) -> None:
    answer = raws(*(item(number, number) for number in range(50)))
    landing.land(etrm.ORDER_ITEMS, answer, scope=EVERYTHING)
    landing._index(etrm.ORDER_ITEMS).unlink()
    read.clear()
    moved = [*answer[7:], *answer[:7]]
    assert reopened(landing).land(etrm.ORDER_ITEMS, moved, scope=EVERYTHING).rows == 0
    assert reopened(landing).land(etrm.ORDER_ITEMS, moved, scope=EVERYTHING).rows == 0
    assert read == [50]


def test_hashes_of_another_duckdb_are_forgotten_and_the_rest_of_the_index_holds(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, read: list[int]
) -> None:
    answer = raws(*(item(number, number) for number in range(50)))
    with monkeypatch.context() as patched:
        patched.setattr(source_hashes, "sample", lambda: "those of another function")
        landing.land(etrm.ORDER_ITEMS, answer, scope=EVERYTHING)
    monkeypatch.delattr(latest, "from_files")
    read.clear()
    assert reopened(landing).land(etrm.ORDER_ITEMS, answer, scope=EVERYTHING).rows == 0
    assert reopened(landing).land(etrm.ORDER_ITEMS, answer, scope=EVERYTHING).rows == 0
    assert read == [50]


def test_the_sample_tells_one_hash_from_another(monkeypatch: pytest.MonkeyPatch) -> None:
    told = source_hashes.sample.__wrapped__
    real = source_hashes.hashes
    assert told() == told()
    other = told()
    monkeypatch.setattr(source_hashes, "hashes", lambda *given: pc.add(real(*given), 1))
    assert told() != other
