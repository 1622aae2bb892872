"""Pieces done ahead in threads: in order, few at a time, and with the same outcome as one after the other."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines import ahead, draft
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.versions.versioning import EVERYTHING


def test_results_come_in_order_and_few_wait() -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def work(piece: int) -> int:
        with lock:
            begun.append(piece)
        return piece * piece

    taken = []
    for number, result in enumerate(ahead.in_order(work, range(50))):
        taken.append(result)
        with lock:
            assert len(begun) <= number + 4
    assert taken == [piece * piece for piece in range(50)]


def test_the_first_failure_ends_it() -> None:
    def work(piece: int) -> int:
        if piece == 3:
            raise ValueError("piece 3")
        return piece

    taken = []
    with pytest.raises(ValueError, match="piece 3"):
        for result in ahead.in_order(work, range(50)):
            taken.append(result)  # noqa: PERF402  (what came before the failure is looked at)
    assert taken == [0, 1, 2]


def test_the_pieces_cover_every_record_once() -> None:
    for count in (0, 1, ahead.STEP, ahead.STEP + 1, 5 * ahead.STEP - 1):
        assert [at for piece in ahead.steps(count) for at in piece] == list(range(count))


def test_an_answer_in_many_pieces_lands_as_in_one(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Misfits, contradictions over the pieces' edges and repeats come out alike, whatever the sizes."""
    chance = random.Random(3)
    records = [f'{{"id": {number}, "amount": {chance.randrange(10**12)}.{number % 100:02d}}}' for number in range(900)]
    records[17] = '{"id": 17, "amount": "much"}'
    records[701] = '{"id": 17.5}'
    records.insert(850, records[40].replace('"amount": ', '"amount": 1'))  # another content of a key in another piece
    records.insert(860, records[50])  # the same record again
    whole = landing.land(etrm.ORDER_ITEMS, raws(*records), scope=EVERYTHING)
    monkeypatch.setattr(ahead, "STEP", 7)
    monkeypatch.setattr(draft, "ROW_GROUP", 30)
    other = Landing(tmp_path / "other", tmp_path / "other.duckdb", tmp_path / "dlt", landing.now)
    pieces = other.land(etrm.ORDER_ITEMS, raws(*records), scope=EVERYTHING)
    assert whole == pieces
    assert (whole.rows, whole.quarantined) == (897, 4)
    names = [name for name in whole_rows(landing).column_names if name not in ("_landed_at", "_landing_file")]
    assert whole_rows(landing).select(names).equals(whole_rows(other).select(names))


def whole_rows(landing: Landing) -> pa.Table:
    (file,) = landing.files("atlas_etrm", "order_items")
    return pq.read_table(file)
