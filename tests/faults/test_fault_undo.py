"""What the vendors let be taken back is taken back, once, only as it was left; over the sandbox's own vendors.

Faults: the answer to an undo is lost, and somebody changes or pays the record between plan and apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from counts import FULL
from taking_back import KINDS, Taker, write_one
from vendors import Sent, Vendors, opened
from written import INVOICES, Ground, Push, is_write

from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.plan import Plan, make_plan
from tieout.undo import chosen


@pytest.fixture(scope="module")
def shared(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendors, Ground]]:
    with opened(company, tmp_path_factory.mktemp("undo") / "vendors") as vendors:
        yield vendors, Ground.laid(vendors)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def taker(shared: tuple[Vendors, Ground], tmp_path: Path) -> Iterator[Taker]:
    vendors, ground = shared
    yield Taker(Push(vendors, ground, next(_numbers), tmp_path, records=1))
    for wire in vendors.wires.values():
        wire.after = lambda sent, answer: None


FIRST_OF_THEIR_WAY = ("a draft invoice", "an approved bill", "an erpCode", "a document")
"""Of each way of writing the first also loses its answer in every build; the others with the full counts."""


@pytest.mark.parametrize(
    ("what", "is_lost"),
    [
        pytest.param(what, is_lost, id=f"{what}-{'answer lost' if is_lost else 'answered'}")
        for what in KINDS
        for is_lost in (False, True)
        if FULL or not is_lost or what in FIRST_OF_THEIR_WAY
    ],
)
def test_it_is_taken_back_once(taker: Taker, what: str, is_lost: bool) -> None:
    _, system, table, operation, after, _ = KINDS[what]
    key, shows = write_one(taker, what)
    plan, _ = taker.plans(shows)
    mine = [item for item in plan.items if item.destination_id == str(key)]
    assert [item.operation for item in mine] == [operation]
    store, sent = taker.push.vendors.stores[system], 0

    def watched(request: Sent, answer: httpx.Response) -> None:
        nonlocal sent
        if is_write(request) and answer.status_code < 300:
            sent += 1
            if is_lost:
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    taker.push.vendors.wires[system].after = watched
    first, moved = taker.applies(Plan(tuple(mine)))
    assert (first.sent, first.unknown, moved) == ((0, 1, {}) if is_lost else (1, 0, {}))
    again, _ = taker.applies(Plan(tuple(mine)))
    assert (again.sent, sent) == (0, 1), "taken back by one write"
    now = next((one for one in store.all(table) if one["id"] == key), None)
    if after is None:
        assert now is None
    else:
        assert now is not None
        shown = {
            name: (now.get(name) or {}).get("stringValue") if name == "amount" else now.get(name) for name in after
        }
        assert shown == after
    with taker.push.store() as log_store:
        left = chosen.deliveries(log_store, record=taker.record)
        assert taker.written not in {one["sync_name"] for one in left}
        rows = {INVOICES: [taker.push.rows[INVOICES][0]]}
        assert make_plan(rows, DeliveryLog(log_store).state()).items == (), "held, not made again"
        assert log_store.verify().first_bad is None


@pytest.mark.parametrize("what", KINDS)
def test_what_somebody_changed_since_is_theirs(taker: Taker, what: str) -> None:
    _, system, table, _, _, spoilt = KINDS[what]
    key, shows = write_one(taker, what)
    plan, _ = taker.plans(shows)
    store = taker.push.vendors.stores[system]
    store.put(table, key, {**store.get(table, key), **spoilt})
    before = sum(is_write(sent) for wire in taker.push.vendors.wires.values() for sent in wire.sent)
    mine = Plan(tuple(item for item in plan.items if item.destination_id == str(key)))
    result, moved = taker.applies(mine)
    assert result.sent == 0
    assert [*moved.values()], "what moved is told"
    assert all(name in next(iter(moved.values())) for name in spoilt)
    assert before == sum(is_write(sent) for wire in taker.push.vendors.wires.values() for sent in wire.sent)
