"""Promise 34, write-back side: the operations store is lost, or an older backup of it is put back; nothing is re-sent.

The vendors' own ledger is compared with what was meant: missing = extra = altered = 0. That the log lost its tail is
seen by the heads noted beside it. (What is rebuilt of the books: `tests/flow/test_loop.py`.)
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from counts import seeds
from vendors import Sent, Vendors, opened
from written import Ground, Push, chance, is_write

from reverse_etl import audit
from reverse_etl.operations_tables import DELIVERIES


@pytest.fixture(scope="module")
def shared(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendors, Ground]]:
    with opened(company, tmp_path_factory.mktemp("restore") / "vendors") as vendors:
        yield vendors, Ground.laid(vendors)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def push(shared: tuple[Vendors, Ground], tmp_path: Path) -> Iterator[Push]:
    vendors, ground = shared
    yield Push(vendors, ground, next(_numbers), tmp_path)
    for wire in vendors.wires.values():
        wire.after = lambda sent, answer: None


def committed(push: Push, lost: Callable[[Sent], bool] = lambda sent: False) -> Counter[bytes]:
    """Counts, from now on, what the vendors take; of what is `lost` the answer never comes."""
    taken: Counter[bytes] = Counter()

    def after(sent: Sent, answer: httpx.Response) -> None:
        if is_write(sent) and answer.status_code < 300:
            taken[sent.path.encode() + sent.body] += 1
            if lost(sent):
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    for wire in push.vendors.wires.values():
        wire.after = after
    return taken


def backed_up(push: Push) -> Path:
    """A backup as SQLite makes it while the store is in use."""
    backup = push.folder / "backup.sqlite"
    with (
        closing(sqlite3.connect(push.folder / "operations.sqlite")) as store,
        closing(sqlite3.connect(backup)) as copy,
    ):
        store.backup(copy)
    return backup


def lose(push: Push) -> None:
    for file in push.folder.glob("operations.sqlite*"):
        file.unlink()


@pytest.mark.parametrize("seed", seeds(2, 30))
@pytest.mark.parametrize("restored", ["nothing", "an older backup", "the newest backup"])
def test_a_restored_store_sends_nothing_again(push: Push, seed: int, restored: str) -> None:
    """The older backup is of any moment of the push, also with intents whose outcome nobody noted."""
    heads, share = push.folder / "heads.jsonl", 0.3 if restored == "an older backup" else 0.0
    every = committed(push, lambda sent: chance(seed, sent.path, sent.body) < share)
    # The backup is made on the way: with only the first kinds of record written, some of them not known to be.
    full = dict(push.rows)
    shown = 1 + int(chance(seed, restored) * (len(full) - 1))
    push.rows = dict(list(full.items())[:shown]) | {kind: [] for kind in list(full)[shown:]}
    push.run(rounds=1)
    backup = backed_up(push)
    push.rows = full
    share = 0.0
    push.run()
    with push.store() as store:
        audit.note_head(store, heads, at=push.now())
        before = _state(store.rows(DELIVERIES))
        if restored == "the newest backup":
            backup = backed_up(push)
    assert push.differences() == {}
    assert every
    lose(push)
    if restored != "nothing":
        shutil.copyfile(backup, push.folder / "operations.sqlite")

    again = committed(push)
    push.vendors.clock.sleep(timedelta(days=2).total_seconds())
    push.run()
    assert again == Counter(), "something was sent again"
    assert [body for body, times in every.items() if times > 1] == []
    assert push.differences() == {}
    with push.store() as store:
        statuses = {row["status"] for row in store.rows(DELIVERIES)}
        found = audit.verify(store, audit.noted_heads(heads)).first_bad
        if restored == "the newest backup":
            assert (_state(store.rows(DELIVERIES)), found) == (before, None)
        else:
            assert found is not None, "a log that lost its tail is found by the head noted beside it"
    assert statuses <= {"delivered", "pending"}, "what the backup did not know was looked up"


def _state(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    members = ("delivery_id", "status", "destination_id", "payload_hash")
    return sorted(tuple(str(row[name]) for name in members) for row in rows)
