"""Promises 2, 3, 4, 9 and 10: whatever happens on the way, each record is written once, or stands with its reason.

The sandbox's own ledger is compared with what was meant: missing = extra = altered = 0. A failing test's name holds
its seed; `TIEOUT_FAULTS_SEED=<seed>` replays that one alone.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from counts import seeds
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from vendors import HOSTS, Sent, Vendors, opened
from written import DOCUMENTS, KINDS, Ground, Push, chance, is_write

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.transport.session import Clockwork
from reverse_etl.apply import apply_plan
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.identity import Identity
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan import Plan, make_plan
from reverse_etl.plan_store import PlanStore
from reverse_etl.release import PlanGate
from tieout import lock
from tieout.errors import LockedError


@pytest.fixture(scope="module")
def shared(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendors, Ground]]:
    """Vendors for all tests here, and what their pushes stand on; every push makes records of its own."""
    with opened(company, tmp_path_factory.mktemp("write_back") / "vendors") as vendors:
        yield vendors, Ground.laid(vendors)


@pytest.fixture
def calm(shared: tuple[Vendors, Ground]) -> Iterator[Vendors]:
    """The vendors, which misbehave for one test only."""
    vendors, _ = shared
    for wire in vendors.wires.values():
        wire.sent.clear()
    yield vendors
    quiet(vendors)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def push(shared: tuple[Vendors, Ground], calm: Vendors, tmp_path: Path) -> Push:
    """A push of three records of each kind."""
    return Push(calm, shared[1], next(_numbers), tmp_path)


def quiet(vendors: Vendors) -> None:
    for wire in vendors.wires.values():
        wire.before = lambda sent: None
        wire.after = lambda sent, answer: None


def misbehave(vendors: Vendors, *, before: Any = None, after: Any = None) -> None:
    for wire in vendors.wires.values():
        wire.before = before or wire.before
        wire.after = after or wire.after


def lost() -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError("Server disconnected without sending a response.")


@pytest.mark.parametrize("seed", seeds(50, 2_000))
def test_a_time_out_after_commit_is_harmless(push: Push, calm: Vendors, seed: int) -> None:
    """Promise 2: the vendor commits, the connection drops; the next run looks it up."""
    dropped: set[bytes] = set()

    def after(sent: Sent, answer: httpx.Response) -> None:
        if is_write(sent) and sent.body not in dropped and chance(seed, sent.path, sent.body) < 0.5:
            dropped.add(sent.body)
            raise lost()

    misbehave(calm, after=after)
    for _ in range(4):
        push.run()
    assert push.differences() == {}
    assert push.parked() == {}
    with push.store() as store:
        assert {row["status"] for row in store.rows(DELIVERIES)} <= {"delivered", "pending"}


@pytest.mark.parametrize("seed", seeds(20, 500))
def test_a_retry_after_the_key_has_expired_is_looked_up_and_not_posted_again(
    push: Push, calm: Vendors, seed: int
) -> None:
    """Promise 3: keys forgotten, 25 hours later."""
    committed: Counter[bytes] = Counter()

    def before(sent: Sent) -> None:
        if is_write(sent) and chance(seed, "before", sent.path, sent.body) < 0.3:
            raise lost()

    def after(sent: Sent, answer: httpx.Response) -> None:
        if is_write(sent) and answer.status_code < 300:
            committed[sent.path.encode() + sent.body] += 1
            raise lost()

    misbehave(calm, before=before, after=after)
    push.run(rounds=1)
    assert committed, "nothing was committed: the test shows nothing"
    quiet(calm)
    calm.clock.sleep(25 * 3600)
    misbehave(calm, after=lambda sent, answer: _count(committed, sent, answer))
    push.run()
    assert push.differences() == {}
    assert [body for body, times in committed.items() if times > 1] == []


def _count(committed: Counter[bytes], sent: Sent, answer: httpx.Response) -> None:
    if is_write(sent) and answer.status_code < 300:
        committed[sent.path.encode() + sent.body] += 1


@pytest.mark.parametrize("seed", seeds(50, 1_000))
def test_425_409_and_500_converge_or_are_parked_with_their_reason(push: Push, calm: Vendors, seed: int) -> None:
    """Promise 4: each on the first n tries; a 500 also after the vendor has committed."""
    tries: Counter[bytes] = Counter()
    refused: set[bytes] = set()

    def plan_of(sent: Sent) -> tuple[str, int]:
        dice = chance(seed, sent.path, sent.body)
        kind = ("425", "409", "500", "500 after", "none")[int(dice * 5)]
        return kind, 1 + int(chance(seed, "n", sent.path, sent.body) * 7)

    def before(sent: Sent) -> httpx.Response | None:
        kind, times = plan_of(sent)
        if not is_write(sent) or kind not in ("425", "409", "500") or tries[sent.body] >= times:
            return None
        tries[sent.body] += 1
        if kind == "409":
            refused.add(sent.body)
        return httpx.Response(int(kind), json={"message": "not now", "detail": "not now"})

    def after(sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        kind, times = plan_of(sent)
        if not is_write(sent) or kind != "500 after" or tries[sent.body] >= times:
            return None
        tries[sent.body] += 1
        return httpx.Response(500, json={"message": "broken", "detail": "broken"})

    misbehave(calm, before=before, after=after)
    for _ in range(9):
        push.run()
    assert tries, "nothing misbehaved: the test shows nothing"
    assert push.differences() == {}
    parked = push.parked()
    assert bool(parked) <= bool(refused), "only what was refused is parked"
    assert all("not now" in reason for reason in parked.values())


@pytest.mark.parametrize("seed", seeds(10, 50))
def test_a_full_disk_stops_the_push_and_nothing_is_sent_without_its_intent(
    push: Push, calm: Vendors, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 9: the store fills up on the way; what was sent has an intent, and the rest goes once there is room."""
    push.workers = 1
    with push.store() as store, store._engine.connect() as connection:
        empty = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages = empty + int(chance(seed) * 12)

    def full(engine_store: OperationsStore) -> None:
        @event.listens_for(engine_store._engine, "connect")
        def limit(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

    make = OperationsStore.__init__

    def limited(self: OperationsStore, url: str | Path) -> None:
        make(self, url)
        self._engine.dispose()
        full(self)

    with monkeypatch.context() as patched:
        patched.setattr(OperationsStore, "__init__", limited)
        with pytest.raises(OperationalError, match="full"):
            push.run()
    with push.store() as store:
        intended = {row["payload"] for row in store.rows(DELIVERIES)}
    sent = [row for kind in KINDS for row in push.rows[kind] if row not in push.due()[kind]]
    assert len(sent) <= len(intended), "something was sent that the log does not know"
    push.run()
    assert push.differences() == {}


def test_a_file_that_may_not_grow_stops_the_push_too(push: Push, tmp_path: Path) -> None:
    """Promise 9 by the operating system's own limit, in a process of its own: without an intent nothing is sent."""
    with push.store():
        pass
    ledger = Ledger(tmp_path / "ledger")
    child = multiprocessing.get_context("fork").Process(target=_push_within, args=(push, ledger, 8_192))
    child.start()
    child.join(60)
    assert child.exitcode == 3, "the store's error is told, not swallowed"
    assert ledger.records() == []
    _push_documents(push, ledger)
    assert len(ledger.records()) == len(push.rows[DOCUMENTS])


def _push_within(push: Push, ledger: Ledger, size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        _push_documents(push, ledger)
    except OperationalError:
        raise SystemExit(3) from None


@pytest.mark.parametrize("seed", seeds(20, 200))
def test_of_applies_at_once_one_works_and_the_others_leave(push: Push, tmp_path: Path, seed: int) -> None:
    """Promise 10: 2 to 8 processes apply one approved plan; whoever comes to work finds done what was done.

    (Whole runs at once: `tests/flow/test_failures.py`.)
    """
    with push.store() as store:
        plans, plan = PlanStore(store), make_plan({DOCUMENTS: push.rows[DOCUMENTS]}, DeliveryLog(store).state())
        plans.save(plan, run_id=None, made_by=Identity("anna"), at=push.now())
        saved = plans.load(plan.plan_id)
        plans.approve(saved, by=Identity("bert"), reason="checked", only=None, at=push.now())
    processes = 2 + int(chance(seed) * 7)
    context = multiprocessing.get_context("fork")
    barrier, told = context.Barrier(processes), context.Queue()
    given = (push, plan.plan_id, tmp_path, barrier, told)
    children = [context.Process(target=_race, args=given) for _ in range(processes)]
    for child in children:
        child.start()
    outcomes = Counter(told.get(timeout=120) for _ in children)
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * processes
    assert outcomes["worked"] >= 1
    assert outcomes["worked"] + outcomes["left"] == processes, outcomes
    made = Counter(record["provenance"]["vendorId"] for record in Ledger(tmp_path / "ledger").records())
    wanted = {json.loads(row.payload)["provenance"]["vendorId"] for row in push.rows[DOCUMENTS]}
    assert made == dict.fromkeys(wanted, 1)
    with push.store() as store:
        assert [row["status"] for row in store.rows(DELIVERIES)] == ["delivered"] * len(wanted)
        assert store.verify().first_bad is None


class Ledger(httpx.BaseTransport):
    """Atlar's documents as a file that several processes append to: no idempotency, so whatever comes twice shows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"items": self.records(), "nextToken": "", "token": "", "limit": 500})
        time.sleep(0.005)
        record = {**json.loads(request.read()), "id": f"doc-{os.getpid()}-{id(request)}", "etag": "version:1"}
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        return httpx.Response(201, json=record)


def _push_documents(push: Push, ledger: Ledger, plan_id: str | None = None) -> None:
    """Applies what the ledger lacks: by itself, or what is approved of a saved plan."""
    bank = AtlarConfig(f"http://{HOSTS['atlar']}", "key", "secret", auth="basic", requests_per_second=0)
    clients = replace(push.vendors.clients(), atlar=AtlarClient(bank, Clockwork(transport=ledger)))
    there = {record["provenance"]["vendorId"] for record in ledger.records()}
    rows = [row for row in push.rows[DOCUMENTS] if json.loads(row.payload)["provenance"]["vendorId"] not in there]
    with push.store() as store:
        log, words = DeliveryLog(store), {}
        plan = make_plan({DOCUMENTS: rows}, log.state())
        if plan_id is not None:
            plans = PlanStore(store)
            saved = plans.load(plan_id)
            release = PlanGate(saved, plans.valid(saved, push.now()), frozenset()).release(plan, log.state())
            assert (release.refused, release.unapproved) == ((), ())
            plan, words = Plan(release.items), dict(release.words)
        run_id = str(os.getpid())
        apply_plan(plan, clients, log, run_id=run_id, now=push.now, workers=1, plan_id=plan_id, words=words)


def _race(push: Push, plan_id: str, folder: Path, barrier: Any, told: Any) -> None:
    barrier.wait(60)
    try:
        with lock.held(folder / "lock"):
            _push_documents(push, Ledger(folder / "ledger"), plan_id)
            told.put("worked")
    except LockedError:
        told.put("left")
