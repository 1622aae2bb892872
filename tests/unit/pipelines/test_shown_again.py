"""Records known by their bytes: whatever order they come in, the same versions are landed as if each had been read."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from virtual import Moments, raws

from pipelines import in_memory
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.versions.shown import shown
from pipelines.versions.versioning import EVERYTHING


def record(number: int, amount: int, *, spaced: bool = False) -> str:
    space = " " if spaced else ""
    return f'{{"id":{space}{number},"amount":{space}{amount}.10}}'


def versions(landing: Landing) -> list[tuple[int, str, bool]]:
    rows = [row for file in landing.files("atlas_etrm", "order_items") for row in pq.read_table(file).to_pylist()]
    return [(row["id"], str(row["amount"]), row["_is_deleted"]) for row in rows]


@pytest.mark.parametrize("seed", range(12))
def test_versions_are_those_of_a_landing_that_knows_no_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Insertions, deletions, changes, other orders, other spelling, and records that come twice, in every mixture."""
    chance = random.Random(seed)
    quick, slow = (
        Landing(tmp_path / name, tmp_path / name / "work.duckdb", tmp_path / name / "dlt", Moments())
        for name in ("quick", "slow")
    )
    held = {number: chance.randrange(100) for number in range(chance.randrange(1, 40))}
    fresh = 1_000
    for _ in range(6):
        for _ in range(chance.randrange(6)):
            what, number = chance.choice("idcs"), chance.choice([*held, fresh])
            if what == "i":
                fresh += 1
                held[fresh] = chance.randrange(100)
            elif what == "d":
                held.pop(number, None)
            elif what == "c" and number in held:
                held[number] = chance.randrange(100)
        numbers = list(held)
        if chance.random() < 0.4:
            chance.shuffle(numbers)
        answer = [record(number, held[number], spaced=chance.random() < 0.1) for number in numbers]
        answer += [text for text in answer if chance.random() < 0.1]
        for landing, knows in ((quick, True), (slow, False)):
            if not knows:
                table = landing.latest(etrm.ORDER_ITEMS)
                at = table.schema.get_field_index("_source")
                unknown = pa.nulls(table.num_rows, pa.int64())
                landing._latest[etrm.ORDER_ITEMS] = table.set_column(at, table.schema.field(at), unknown)
            landing.land(etrm.ORDER_ITEMS, raws(*answer), scope=EVERYTHING)
        assert sorted(versions(quick)) == sorted(versions(slow)), f"seed {seed}"
        latest = quick.latest(etrm.ORDER_ITEMS).to_pylist()
        alive = [row["id"] for row in latest if not row["_is_deleted"]]
        assert sorted(alive) == sorted(held), f"seed {seed}"
        assert len({row["id"] for row in latest}) == len(latest)


def test_only_what_is_not_known_is_to_be_read(landing: Landing) -> None:
    first = [record(number, number) for number in range(50)]
    landing.land(etrm.ORDER_ITEMS, raws(*first), scope=EVERYTHING)
    latest = landing.latest(etrm.ORDER_ITEMS)
    moved = [*first[10:], *first[:10]]
    cases: list[tuple[list[str], list[int]]] = [
        (first, []),
        (moved, []),
        ([record(99, 1), *first], [0]),
        (first[:20] + first[21:], []),
        ([*first[:7], record(7, 8), *first[8:]], [7]),
        ([*first, first[3]], [50]),
    ]
    for answer, expected in cases:
        with in_memory.cursor() as connection:
            found = shown(connection, raws(*answer), latest)
        assert list(found.unread) == expected
        again = found.again()
        for row in again.to_pylist():
            assert msgspec.json.decode(answer[row["_at"]])["id"] == row["id"]
        assert again.num_rows == len(set(answer) & set(first))


def test_versions_keep_their_places_and_new_ones_come_behind(landing: Landing) -> None:
    first = [record(number, number) for number in range(5)]
    landing.land(etrm.ORDER_ITEMS, raws(*first), scope=EVERYTHING)
    second = [record(9, 9), record(3, 33), *first[:3]]
    landing.land(etrm.ORDER_ITEMS, raws(*second), scope=EVERYTHING)
    latest = landing.latest(etrm.ORDER_ITEMS).to_pylist()
    assert [row["id"] for row in latest] == [0, 1, 2, 3, 4, 9]
    assert [row["_is_deleted"] for row in latest] == [False] * 4 + [True, False]
    before, after = latest[0]["_landed_at"], latest[3]["_landed_at"]
    assert before < after == latest[5]["_landed_at"]
