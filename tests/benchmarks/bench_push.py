"""What writing back costs: 10,000 documents to a destination that answers in 50 ms, no rate limit: `make bench-push`.

The path is the real one: a plan, intents committed before their requests, the vendor's client over HTTP, outcomes
committed after, the answers kept for landing. The destination is Atlar's documents endpoint as a process of its own
that keeps a ledger: missing, extra and altered must be 0, or the benchmark fails. Each measurement is a process of
its own, which prints its seconds and its peak memory (`ru_maxrss`). Reference: documents × latency ÷ requests in
flight; beside it plain httpx with as many threads, which keeps no log, and what the vendors' rate limits alone take.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LATENCY = 0.050
IN_FLIGHT = 16
REACH = 1.3
GL_ENTITY = "gle-00000000000000000000000000000001"
SYNC = "sync_atlar__documents"


def document(number: int) -> dict[str, Any]:
    """An invoice of two lines in a foreign currency, as the sync model makes it."""

    def amounts(cents: int) -> dict[str, Any]:
        return {
            "instructedAmount": {"currency": "SEK", "stringValue": f"{cents // 100}.{cents % 100:02d}"},
            "baseAmount": {"currency": "EUR", "stringValue": f"{cents // 1100}.{cents % 100:02d}"},
        }

    cents = 100_000 + number * 37
    entries = [("debit", 1), ("credit", 2), ("credit", 3)]
    return {
        "glEntityId": GL_ENTITY,
        "type": "INVOICE",
        "amount": amounts(cents),
        "remainingAmount": amounts(cents),
        "date": "2026-04-30",
        "issueDate": "2026-04-01",
        "description": f"Customer invoice INV-{number:06d}",
        "reference": f"INV-{number:06d}",
        "references": {"orderId": str(number), "erpCode": f"INV-{number:06d}", "contractCode": "PPA-17"},
        "counterparty": {"name": "Nordic Paper AB", "type": "CUSTOMER", "erpId": f"C-{number % 700}"},
        "voided": False,
        "reconciliationStatus": "OPEN",
        "glEntries": [
            {"glAccountId": f"gla-{line:032d}", "vendorId": f"{number}/{line}", "type": side.upper(),
             "amount": amounts(cents)}
            for side, line in entries
        ],
        "appliedDocuments": [],
        "provenance": {"vendorId": f"INVOICE/{number:06d}"},
        "vendorCreated": "2026-04-01T09:30:00Z",
    }  # fmt: skip


# What a process of its own measures. Each returns its seconds and what is said of it.


def push(url: str, documents: str, in_flight: str, folder: str) -> tuple[float, str]:
    """Plans and applies, with the delivery log."""
    from pipelines.atlar.client import AtlarClient, AtlarConfig
    from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
    from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
    from reverse_etl.apply import apply_plan
    from reverse_etl.delivery_log import DeliveryLog
    from reverse_etl.due import SyncRow
    from reverse_etl.identity import Identity
    from reverse_etl.operations import OperationsStore
    from reverse_etl.plan import make_plan
    from reverse_etl.plan_store import PlanStore

    class Clients:
        atlar = AtlarClient(AtlarConfig(url, "key", "secret", auth="basic", requests_per_second=0))
        atlas_etrm = AtlasEtrmClient(AtlasEtrmConfig(url, "nobody", "secret"))
        atlas_accounting = AtlasAccountingClient(AtlasAccountingConfig(url, "a@b.example", "secret"))

    count = int(documents)
    rows = [
        SyncRow(
            sync_key=f"INVOICE/{number:06d}",
            operation="create",
            record_label=f"document INV-{number:06d}",
            order_id=number,
            destination_id=None,
            expected_version=None,
            amount=None,
            currency_code="SEK",
            payload=json.dumps(document(number)),
            current_values=None,
        )
        for number in range(count)
    ]
    store = OperationsStore(Path(folder) / f"operations-{in_flight}-{os.getpid()}.sqlite")
    log = DeliveryLog(store)
    began = time.perf_counter()
    plan = make_plan({SYNC: rows}, log.state())
    PlanStore(store).save(plan, run_id="bench", made_by=Identity("bench", "service"), at=datetime.now(UTC))
    planned = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    result = apply_plan(
        plan, Clients(), log, run_id="bench", now=lambda: datetime.now(UTC), workers=int(in_flight)
    )  # fmt: skip
    seconds = time.perf_counter() - planned
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - cpu
    states = {(one.status, one.was_delivered) for many in log.state().deliveries.values() for one in many}
    if result.sent != count or states != {("delivered", True)} or len(result.answers) != count:
        raise SystemExit(f"{result.sent} of {count} sent, states {states}, {len(result.answers)} answers")
    return seconds, f"CPU {cpu:.1f} s; planned and saved in {planned - began:.1f} s"


def plain_httpx(url: str, documents: str, in_flight: str, folder: str) -> tuple[float, str]:
    """The requests alone: no intent, no outcome, nothing to resume from."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    local = threading.local()

    def send(number: int) -> bool:
        if not hasattr(local, "client"):
            local.client = httpx.Client()
        body = document(number)
        return bool(local.client.post(f"{url}/accounting/v2beta/documents", json=body).json()["id"])

    began = time.perf_counter()
    with ThreadPoolExecutor(int(in_flight)) as pool:
        done = sum(pool.map(send, range(int(documents))))
    return time.perf_counter() - began, f"{done:,} sent, no log"


MEASURED: dict[str, Callable[..., tuple[float, str]]] = {"push": push, "plain_httpx": plain_httpx}


def one(name: str, given: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    seconds, note = MEASURED[name](*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "note": note}))


def in_a_process(name: str, *given: str) -> tuple[float, float, str]:
    run = subprocess.run(
        [sys.executable, __file__, "--one", name, *given], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if run.returncode:
        raise SystemExit(f"{name} failed:\n{run.stderr[-3000:]}")
    told = json.loads(run.stdout.splitlines()[-1])
    return told["seconds"], told["megabytes"], told["note"]


# The destination.


class Destination(asyncio.Protocol):
    """Just enough HTTP/1.1 that the measured side, not this one, is what costs."""

    def __init__(self, ledger: dict[str, list[dict[str, Any]]], by_key: dict[str, bytes]) -> None:
        self.ledger, self.by_key = ledger, by_key
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.received = rest[length:]
        method, target, _ = lines[0].split(" ")
        body = self.answer(method, target, headers, rest[:length])
        asyncio.get_running_loop().call_later(0 if target == "/_ledger" else LATENCY, self.reply, body)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        if target == "/_ledger":
            return json.dumps(self.ledger).encode()
        if method == "GET":
            return b'{"items":[],"nextToken":"","token":"","limit":500}'
        key = headers.get("idempotency-key", "")
        if key not in self.by_key:
            record = json.loads(body)
            self.ledger.setdefault(record["provenance"]["vendorId"], []).append(record)
            system = {"id": f"doc-{len(self.ledger):032d}", "version": 1, "etag": "version:1"}
            answer = json.dumps({**record, **system}).encode()
            if not key:
                return answer
            self.by_key[key] = answer
        return self.by_key[key]

    def reply(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


def serve() -> None:
    async def run() -> None:
        ledger: dict[str, list[dict[str, Any]]] = {}
        by_key: dict[str, bytes] = {}
        make = functools.partial(Destination, ledger, by_key)
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def destination() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def difference(url: str, documents: int) -> tuple[int, int, int]:
    """Missing, extra and altered of the destination's own ledger, against what was to be sent."""
    with urllib.request.urlopen(f"{url}/_ledger") as answer:
        ledger: dict[str, list[dict[str, Any]]] = json.load(answer)
    wanted = {f"INVOICE/{number:06d}": document(number) for number in range(documents)}
    missing = sum(key not in ledger for key in wanted)
    extra = sum(len(made) - 1 if key in wanted else len(made) for key, made in ledger.items())
    altered = sum(ledger[key][0] != body for key, body in wanted.items() if key in ledger)
    return missing, extra, altered


def show(label: str, told: tuple[float, float, str], reference: float) -> float:
    seconds, megabytes, note = told
    print(f"{label:<48}{seconds:8.2f} s {seconds / reference:6.2f} x {megabytes:6,.0f} MB  {note}", flush=True)
    return seconds / reference


def main(documents: int, in_flight: int, folder: Path) -> int:
    reference = documents * LATENCY / in_flight
    print(f"{documents:,} documents, {LATENCY * 1000:.0f} ms each, {in_flight} in flight; {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{'reference: documents × latency ÷ in flight':<48}{reference:8.2f} s")
    with destination() as url:
        given = (url, str(documents), str(in_flight), str(folder))
        show("plain httpx, a client per thread", in_a_process("plain_httpx", *given), reference)
    with destination() as url:
        given = (url, str(documents), str(in_flight), str(folder))
        ratio = show("plan applied, with the delivery log", in_a_process("push", *given), reference)
        missing, extra, altered = difference(url, documents)
    print(f"the destination's ledger: missing {missing}, extra {extra}, altered {altered}")
    print("what rate limits alone would take for as many documents:")
    print(
        f"  Atlar           {documents / 5 / 60:8.1f} min at our default of 5 requests a second (no limit documented)"
    )
    print(f"  Atlas Accounting{3 * documents / 60:8.1f} min on tier standard, 60 requests a minute, three per document")
    print(f"  ATLAS ETRM      {2 * -(-documents // 50) / 100:8.1f} min at 100 requests a minute, two per 50 documents")
    is_good = ratio <= REACH and (missing, extra, altered) == (0, 0, 0)
    print(f"reach {REACH} x: {'met' if is_good else 'NOT met'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:2] == ["--serve"]:
        serve()
    else:
        options = argparse.ArgumentParser(description=__doc__)
        options.add_argument("--documents", type=int, default=10_000)
        options.add_argument("--in-flight", type=int, default=IN_FLIGHT)
        options.add_argument("--dir", type=Path)
        told = options.parse_args()
        place = Path(tempfile.mkdtemp(prefix="bench_push_", dir=told.dir))
        try:
            code = main(told.documents, told.in_flight, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        raise SystemExit(code)
