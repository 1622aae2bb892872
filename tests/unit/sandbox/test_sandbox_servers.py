"""The servers on real loopback sockets, and who holds a data directory."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from sandbox.atlas_etrm.engine import AtlasEtrmEngine
from sandbox.atlas_etrm.server import create_app
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.options import SandboxOptions
from sandbox.servers import listen, serve_all
from sandbox.state import DataDirectory, SandboxError
from sandbox.store import Store


@contextmanager
def served(ticks: list[int]) -> Iterator[tuple[str, AtlasEtrmEngine]]:
    """ATLAS ETRM on a free port, in a thread."""
    store, clock = Store(":memory:"), SandboxClock(date(2026, 4, 10))
    engine = AtlasEtrmEngine(store, clock)
    app = create_app(engine, username="ada", password="lovelace", control=Control(store, clock))
    (opened,) = listen("127.0.0.1", 0, 1)
    stop, up, loop = asyncio.Event(), threading.Event(), asyncio.new_event_loop()
    main = serve_all([(app, opened)], stop=stop, ready=up.set, each_second=lambda: ticks.append(1))
    thread = threading.Thread(target=lambda: loop.run_until_complete(main))
    thread.start()
    assert up.wait(10)
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}", engine
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
        opened.close()
    assert not thread.is_alive()


def test_a_dropped_answer_is_a_closed_connection_and_the_next_request_works() -> None:
    ticks: list[int] = []
    with served(ticks) as (url, engine), httpx.Client(base_url=url) as client:
        token = client.post("/api/token", json={"username": "ada", "password": "lovelace"}).json()["data"]["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for kind in ("drop_after", "drop_before"):
            client.post("/_sim/faults", json={"match": {"path_regex": "Counterparty/Post"}, "kind": kind})
        for _ in range(2):
            with pytest.raises(httpx.TransportError) as caught:
                client.post("/api/Counterparty/Post", json={"data": [{"legalName": "Dropped"}]})
            assert isinstance(caught.value, httpx.RemoteProtocolError | httpx.ReadError)
        assert client.post("/api/Counterparty/Post", json={"data": [{"legalName": "Kept"}]}).status_code == 200
        names = [record["legalName"] for record in engine.counterparties_by_ids([])]
        assert names == ["Dropped", "Kept"], "dropped before has no effect, dropped after has"
        logged = client.get("/_sim/requests").json()["requests"]
        assert [entry["status"] for entry in logged] == [200, None, None, 200]


def test_latency_is_changed_while_it_runs() -> None:
    with served([]) as (url, _), httpx.Client(base_url=url) as client:
        assert client.post("/_sim/limits", json={"latency_ms": 80}).json() == {"latency_ms": 80}
        assert client.post("/api/token", json={}).elapsed.total_seconds() >= 0.08


def test_answers_do_not_wait_for_acknowledgements() -> None:
    (opened,) = listen("127.0.0.1", 0, 1)
    assert opened.proto == socket.IPPROTO_TCP, "asyncio switches Nagle's algorithm off for these alone"
    opened.close()


def test_a_taken_port_is_one_clear_line() -> None:
    (opened,) = listen("127.0.0.1", 0, 1)
    opened.listen()
    port = opened.getsockname()[1]
    with pytest.raises(SandboxError, match=f"port {port} on 127"):
        listen("127.0.0.1", port, 1)
    opened.close()


def test_a_directory_is_held_by_one_process_and_free_again_however_that_dies(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from sandbox.state import DataDirectory\n"
        "directory = DataDirectory(Path(sys.argv[1]))\n"
        "with directory.held():\n"
        "    directory.announce({})\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(SandboxError, match=rf"another sandbox \(pid {process.pid}\)"), DataDirectory(tmp_path).held():
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    assert (tmp_path / "sandbox.json").exists(), "a killed process cannot tidy up"
    with DataDirectory(tmp_path).held():
        assert not (tmp_path / "sandbox.json").exists()


def test_a_stored_company_goes_before_the_options_until_it_is_cleared(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    made = SandboxOptions(data_dir=tmp_path, seed=5, scale=0.5, as_of=date(2026, 1, 31))
    assert not directory.has_world()
    directory.note_world(made)
    asked = SandboxOptions(data_dir=tmp_path, latency_ms=7)
    assert directory.as_stored(asked) == replace(made, latency_ms=7)
    directory.clear()
    assert not directory.has_world()


@pytest.mark.parametrize(
    "wrong",
    [{"accounting_tier": "gold"}, {"scale": 0.0}, {"port_base": 65534}, {"latency_ms": -1}],
)
def test_impossible_options_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        SandboxOptions(data_dir=tmp_path, **wrong)  # type: ignore[arg-type]
